"""Tables that nobody here made, with a few rows of our own: the Chinook sample's, and keys as they are elsewhere.

https://github.com/lerocha/chinook-database (the names are those of its PostgreSQL script; not all columns are there).
"""

ARTISTS, ALBUMS = 60, 120
MANY = 30_000
CHINOOK = f"""
CREATE SCHEMA chinook;
CREATE TABLE chinook.artist (artist_id integer PRIMARY KEY, name varchar(120));
CREATE TABLE chinook.album (album_id integer PRIMARY KEY, title varchar(160) NOT NULL,
    artist_id integer NOT NULL REFERENCES chinook.artist);
CREATE TABLE chinook.genre (genre_id integer PRIMARY KEY, name varchar(120));
CREATE TABLE chinook.media_type (media_type_id integer PRIMARY KEY, name varchar(120));
CREATE TABLE chinook.track (track_id integer PRIMARY KEY, name varchar(200) NOT NULL,
    album_id integer REFERENCES chinook.album, media_type_id integer NOT NULL REFERENCES chinook.media_type,
    genre_id integer REFERENCES chinook.genre, composer varchar(220), milliseconds integer NOT NULL,
    unit_price numeric(10, 2) NOT NULL);
CREATE TABLE chinook.playlist (playlist_id integer PRIMARY KEY, name varchar(120));
CREATE TABLE chinook.playlist_track (playlist_id integer NOT NULL REFERENCES chinook.playlist,
    track_id integer NOT NULL REFERENCES chinook.track, PRIMARY KEY (playlist_id, track_id));
CREATE TABLE chinook.employee (employee_id integer PRIMARY KEY, last_name varchar(20) NOT NULL,
    reports_to integer REFERENCES chinook.employee, hire_date timestamp);
CREATE TABLE chinook.customer (customer_id integer PRIMARY KEY, first_name varchar(40) NOT NULL,
    support_rep_id integer REFERENCES chinook.employee, email varchar(60) NOT NULL);
CREATE TABLE chinook.invoice (invoice_id integer PRIMARY KEY, customer_id integer NOT NULL REFERENCES chinook.customer,
    invoice_date timestamp NOT NULL, total numeric(10, 2) NOT NULL);
CREATE TABLE chinook.invoice_line (invoice_line_id integer PRIMARY KEY,
    invoice_id integer NOT NULL REFERENCES chinook.invoice, track_id integer NOT NULL REFERENCES chinook.track,
    unit_price numeric(10, 2) NOT NULL, quantity integer NOT NULL);
INSERT INTO chinook.artist SELECT i, 'Artist ' || i FROM generate_series(1, {ARTISTS}) AS i;
INSERT INTO chinook.album SELECT i, 'Album ' || i, 1 + i % {ARTISTS - 10} FROM generate_series(1, {ALBUMS}) AS i;
INSERT INTO chinook.genre SELECT i, 'Genre ' || i FROM generate_series(1, 5) AS i;
INSERT INTO chinook.media_type VALUES (1, 'MPEG audio file'), (2, 'AAC audio file');
INSERT INTO chinook.track SELECT i, 'Track ' || i, nullif(i % {ALBUMS}, 0), 1 + i % 2, nullif(i % 6, 0),
    CASE WHEN i % 3 > 0 THEN 'Composer ' || i % 20 END, 200000 + i, 0.99 FROM generate_series(1, 600) AS i;
INSERT INTO chinook.playlist SELECT i, 'Playlist ' || i FROM generate_series(1, 8) AS i;
INSERT INTO chinook.playlist_track SELECT p, t FROM generate_series(1, 6) AS p, generate_series(1, 600) AS t
    WHERE t % p = 0;
INSERT INTO chinook.employee VALUES (1, 'Adams', NULL, '2002-08-14'), (2, 'Edwards', 1, '2002-05-01'),
    (3, 'Peacock', 2, '2002-04-01'), (4, 'Park', 2, '2003-05-03'), (5, 'Johnson', 2, '2003-10-17');
INSERT INTO chinook.customer SELECT i, 'Customer ' || i, CASE WHEN i % 4 > 0 THEN 2 + i % 4 END, i || '@example.com'
    FROM generate_series(1, 40) AS i;
INSERT INTO chinook.invoice SELECT i, 1 + i % 35, timestamp '2024-01-01' + i * interval '1 day', i * 0.99
    FROM generate_series(1, 140) AS i;
INSERT INTO chinook.invoice_line SELECT i, 1 + i % 130, 1 + i * 7 % 600, 0.99, 1 FROM generate_series(1, 500) AS i
"""
# Keys as they are in other people's databases.
ODD = f"""
CREATE SCHEMA "Odd Shop";
CREATE SCHEMA odd_2;
CREATE TYPE odd_2.state AS ENUM ('new', 'paid');
CREATE DOMAIN odd_2.amount AS numeric;
CREATE TABLE "Odd Shop"."Kunden-Größe" ("land" text, "Nr." integer, "order" text, PRIMARY KEY ("land", "Nr."));
CREATE TABLE odd_2."select" ("Kunde: Land" text, "kunde_nr" integer, id bigint PRIMARY KEY, tags text[],
    state odd_2.state, total odd_2.amount, "select_id" text, "100\n%" integer, span int4range,
    FOREIGN KEY ("Kunde: Land", kunde_nr) REFERENCES "Odd Shop"."Kunden-Größe");
CREATE TABLE odd_2.node (tenant integer, id integer, parent integer, word text, PRIMARY KEY (tenant, id),
    FOREIGN KEY (tenant, parent) REFERENCES odd_2.node);
CREATE TABLE odd_2.place (id integer PRIMARY KEY, street text);
CREATE TABLE odd_2.parcel (id integer PRIMARY KEY, sender_id integer NOT NULL REFERENCES odd_2.place,
    receiver_id integer REFERENCES odd_2.place);
CREATE TABLE odd_2.profile (place_id integer PRIMARY KEY REFERENCES odd_2.place, note text);
CREATE TABLE odd_2.friends (a integer REFERENCES odd_2.place, b integer REFERENCES odd_2.place, PRIMARY KEY (a, b));
CREATE TABLE odd_2.empty (id integer PRIMARY KEY, place_id integer REFERENCES odd_2.place, names text[]);
CREATE TABLE odd_2.keyless (place_id integer REFERENCES odd_2.place, word text);
CREATE TABLE odd_2.hidden (id integer PRIMARY KEY, place_id integer REFERENCES odd_2.place);
CREATE TABLE odd_2.half_hidden (id integer PRIMARY KEY, place_id integer REFERENCES odd_2.place);
CREATE TABLE odd_2.alone (id integer PRIMARY KEY);
CREATE TABLE odd_2.late (id integer PRIMARY KEY, place_id integer REFERENCES odd_2.place, due date);
CREATE TABLE odd_2.event (id integer, at date, place_id integer REFERENCES odd_2.place, PRIMARY KEY (id, at))
    PARTITION BY RANGE (at);
CREATE TABLE odd_2.event_1 PARTITION OF odd_2.event FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
CREATE TABLE odd_2.event_2 PARTITION OF odd_2.event FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
CREATE TABLE odd_2.visit (id integer PRIMARY KEY, event_id integer, event_at date,
    FOREIGN KEY (event_id, event_at) REFERENCES odd_2.event);
CREATE TABLE odd_2.tall (id integer PRIMARY KEY);
CREATE TABLE odd_2.tall_child (id integer PRIMARY KEY, tall_id integer REFERENCES odd_2.tall);
INSERT INTO "Odd Shop"."Kunden-Größe" SELECT l, i, 'nobody-may-read-this' FROM unnest(ARRAY['de', 'at']) AS l,
    generate_series(1, 20) AS i;
INSERT INTO odd_2."select" SELECT CASE WHEN i % 9 > 0 THEN 'at' END, 1 + i % 15, i,
    (ARRAY['a', 'b'])[1:i % 3], 'paid', i * 1.5, 's', i, int4range(i, i + 2) FROM generate_series(1, 90) AS i;
INSERT INTO odd_2.node SELECT t, i, nullif(i / 3, 0), 'word ' || i FROM generate_series(1, 2) AS t,
    generate_series(1, 20) AS i;
INSERT INTO odd_2.place SELECT i, 'street ' || i FROM generate_series(1, 30) AS i;
INSERT INTO odd_2.parcel SELECT i, 1 + i % 20, nullif(i % 30, 0) FROM generate_series(1, 60) AS i;
INSERT INTO odd_2.profile SELECT i, 'n' FROM generate_series(1, 25) AS i;
INSERT INTO odd_2.friends SELECT a, b FROM generate_series(1, 10) AS a, generate_series(1, 10) AS b WHERE a % b = 1;
INSERT INTO odd_2.keyless SELECT 1 + i % 5, 'w' || i FROM generate_series(1, 20) AS i;
INSERT INTO odd_2.half_hidden VALUES (1, 1);
INSERT INTO odd_2.alone VALUES (1);
INSERT INTO odd_2.late SELECT i, 1 + i % 30, CASE i WHEN 1500 THEN 'infinity' ELSE 'today' END::date
    FROM generate_series(1, 1500) AS i;
INSERT INTO odd_2.event SELECT i, date '2024-06-01' + i, 1 + i % 30 FROM generate_series(1, 400) AS i;
INSERT INTO odd_2.visit SELECT i, 1 + i % 400, date '2024-06-02' + i % 400 FROM generate_series(1, 500) AS i;
INSERT INTO odd_2.tall VALUES (1), (2), (3);
INSERT INTO odd_2.tall_child SELECT i, CASE WHEN i > 10 THEN 2 ELSE 1 END FROM generate_series(1, {MANY} + 10) AS i;
CREATE TABLE odd_2.padded (code char(5) PRIMARY KEY);
CREATE TABLE odd_2.unpadded (id integer PRIMARY KEY, code varchar(9) REFERENCES odd_2.padded);
CREATE TABLE odd_2.months (span interval PRIMARY KEY);
CREATE TABLE odd_2.days (id integer PRIMARY KEY, span interval REFERENCES odd_2.months);
CREATE COLLATION odd_2.caseless (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
CREATE TABLE odd_2.upper (word text COLLATE odd_2.caseless PRIMARY KEY);
CREATE TABLE odd_2.lower (id integer PRIMARY KEY, word text COLLATE odd_2.caseless REFERENCES odd_2.upper);
CREATE TABLE odd_2.decimals (n numeric PRIMARY KEY);
CREATE TABLE odd_2.whole (id integer PRIMARY KEY, n integer REFERENCES odd_2.decimals);
INSERT INTO odd_2.padded SELECT 'a' || i FROM generate_series(1, 9) AS i;
INSERT INTO odd_2.unpadded SELECT i, 'a' || 1 + i % 9 FROM generate_series(1, 30) AS i;
INSERT INTO odd_2.months SELECT i * interval '1 month' FROM generate_series(1, 20) AS i;
INSERT INTO odd_2.days SELECT i, (1 + i % 20) * interval '30 days' FROM generate_series(1, 60) AS i;
INSERT INTO odd_2.upper SELECT 'A' || i FROM generate_series(1, 9) AS i;
INSERT INTO odd_2.lower SELECT i, 'a' || 1 + i % 9 FROM generate_series(1, 30) AS i;
INSERT INTO odd_2.decimals SELECT i * 1.00 FROM generate_series(1, 9) AS i;
INSERT INTO odd_2.whole SELECT i, 1 + i % 9 FROM generate_series(1, 30) AS i;
CREATE TABLE odd_2.spread AS SELECT i AS id, repeat('x', 400) AS words FROM generate_series(1, 4000) AS i;
ALTER TABLE odd_2.spread ADD PRIMARY KEY (id);
CREATE TABLE odd_2.spread_child AS SELECT i AS id, 1 + i % 4000 AS spread_id FROM generate_series(1, 5000) AS i;
ALTER TABLE odd_2.spread_child ADD PRIMARY KEY (id), ADD FOREIGN KEY (spread_id) REFERENCES odd_2.spread;
ANALYZE odd_2.spread;
REVOKE ALL ON odd_2.hidden, odd_2.half_hidden FROM "user";
GRANT SELECT (id) ON odd_2.half_hidden TO "user"
"""
