"""What people paste into the calculator that is no CREATE TABLE of PostgreSQL, and what it is read as, or refused as.

A table is told by its name and its columns: what each is counted as, with its length and elements, and `!` where it
cannot be NULL, `~` where SQLAlchemy hands out one object for each label, and `-` where it is deferred.
"""

MYSQL = "This looks like MySQL: counted as what PostgreSQL and psycopg would give."
PYTHON = "Read as Python: "

READ = {
    "SQLAlchemy's CreateTable without a database": (
        """
CREATE TABLE users (
\tid CHAR(32) NOT NULL, \n\temail VARCHAR(320), \n\tbio TEXT, \n\tcreated DATETIME NOT NULL, \n\tavatar BLOB,
\tscore FLOAT, \n\tprice NUMERIC(10, 2), \n\tactive BOOLEAN, \n\tdata JSON, \n\tPRIMARY KEY (id),
\tFOREIGN KEY(id) REFERENCES other (id)
)""",
        "users: id=uuid! email=text(160) bio=text(20) created=timestamp! avatar=bytea(20) score=float price=numeric "
        "active=boolean data=jsonb(2)",
        "This looks like what SQLAlchemy prints without a database, or SQLite: ",
    ),
    "MySQL's SHOW CREATE TABLE": (
        """CREATE TABLE `orders` (
  `id` int(10) unsigned NOT NULL AUTO_INCREMENT,
  `status` enum('new','paid','shipped') NOT NULL DEFAULT 'new',
  `name` varchar(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci DEFAULT NULL COMMENT 'it''s, a name',
  `created_at` datetime DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
  `flag` tinyint(1) NOT NULL, `n` tinyint, `m` mediumint, `price` double(10,2), `body` longtext, `data` mediumblob,
  `key` bigint(20) unsigned,
  PRIMARY KEY (`id`),
  UNIQUE KEY `uq` (`name`),
  KEY `idx_name` (`name`,`status`),
  FULLTEXT KEY `ft` (`body`),
  CONSTRAINT `fk` FOREIGN KEY (`key`) REFERENCES `users` (`id`)
) ENGINE=InnoDB AUTO_INCREMENT=5 DEFAULT CHARSET=utf8mb4;""",
        "orders: id=int! status=text(4.7)! name=text(20) created_at=timestamp flag=boolean! n=int m=int price=float "
        "body=text(20) data=bytea(20) key=bigint",
        MYSQL,
    ),
    "MySQL's DESCRIBE": (
        """+-------+--------------+------+-----+---------+----------------+
| Field | Type         | Null | Key | Default | Extra          |
+-------+--------------+------+-----+---------+----------------+
| id    | int          | NO   | PRI | NULL    | auto_increment |
| made  | datetime     | YES  |     | NULL    |                |
+-------+--------------+------+-----+---------+----------------+""",
        "my_table: id=int! made=timestamp",
        "This looks like ",
    ),
    "SQLite's .schema": (
        """CREATE TABLE IF NOT EXISTS "notes" ("id" INTEGER PRIMARY KEY AUTOINCREMENT, "title" TEXT, "at" DATETIME,
"raw" BLOB, "x" REAL, rank integer unsigned NOT NULL) WITHOUT ROWID; CREATE INDEX a ON notes(title);""",
        "notes: id=int! title=text(20) at=timestamp raw=bytea(20) x=float rank=int!",
        "This looks like SQLite: ",
    ),
    "SQL Server's script": (
        "CREATE TABLE [dbo].[Users]([Id] [int] IDENTITY(1,1) NOT NULL, [Name] [nvarchar](100) NULL, [Ok] [bit] NOT NULL"
        ", [At] [datetime2](7), [U] [uniqueidentifier], CONSTRAINT [PK] PRIMARY KEY CLUSTERED ([Id] ASC))",
        "Users: Id=int! Name=text(50) Ok=boolean! At=timestamp U=uuid",
        "This looks like SQL Server: ",
    ),
    "a mapped class of SQLAlchemy 2.0": (
        '''from sqlalchemy import ForeignKey, String

str50 = Annotated[str, mapped_column(String(50))]

class Base(DeclarativeBase):
    pass

class Status(enum.Enum):
    new = "new"
    shipped = "shipped"

class Order(Base):
    """An order: with a class in it."""
    __tablename__ = "orders"
    __table_args__ = {"schema": "shop"}

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    status: Mapped[Status]
    note: Mapped[str | None] = mapped_column(Text)
    name: Mapped[Optional[str50]]  # a comment, with = and :
    at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), server_default=func.now()
    )
    day: Mapped[datetime]
    tags: Mapped[list[str]] = mapped_column(ARRAY(String))
    data: Mapped[dict[str, Any]] = mapped_column(JSONB)
    big: Mapped[int] = mapped_column(BigInteger)
    kind: Mapped[str] = mapped_column(Enum("new", "used", name="kind"))
    bodies: Mapped[str | None] = mapped_column(Text, deferred=True)
    more: Mapped[str | None] = deferred(mapped_column(Text))
    user: Mapped["User"] = relationship(back_populates="orders")
    lines: Mapped[list["Line"]] = relationship()

    def total(self) -> int:
        x: int = 3
        return x
''',
        "orders: id=int! user_id=int! status=text(5)!~ note=text(20) name=text(25) at=timestamptz! day=timestamp! "
        "tags=text(20)[2]! data=jsonb(2)! big=bigint! kind=text(3.5)!~ bodies=text(20)- more=text(20)-",
        PYTHON,
    ),
    "a mapped class of SQLAlchemy 1.x": (
        """class User(Base):
    __tablename__ = 'users'
    id = Column(Integer, primary_key=True)
    name = sa.Column("full_name", String(30), nullable=False)
    email = db.Column(db.String(120), unique=True)
    created = Column(DateTime, default=datetime.utcnow)
    group_id = Column(ForeignKey('groups.id'))
    roles = Column(postgresql.ARRAY(Integer))
    kind = Column(Enum("a", "bb", name="kind"))
    addresses = relationship("Address")
""",
        "users: id=int! full_name=text(15)! email=text(60) created=timestamp group_id=int roles=int[2] kind=text(1.5)~",
        PYTHON,
    ),
    "SQLAlchemy's Table": (
        """users = Table("users", metadata,
    Column("id", BigInteger, primary_key=True),
    Column("name", String(40), nullable=False),
)""",
        "users: id=bigint! name=text(20)!",
        PYTHON,
    ),
    "a revision of Alembic": (
        """def upgrade():
    op.create_table("users",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=50).with_variant(sa.Text(), "sqlite"), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
""",
        "users: id=int! name=text(25)",
        PYTHON,
    ),
    "an SQLModel": (
        """class HeroBase(SQLModel):
    name: str = Field(index=True)

class Hero(HeroBase, table=True):
    id: int | None = Field(default=None, primary_key=True)
    secret: str = Field(max_length=20)
    team_id: int | None = Field(default=None, foreign_key="team.id")
    team: Team | None = Relationship(back_populates="heroes")
    data: dict = Field(sa_column=Column(JSON))
""",
        "hero: name=text(20)! id=int! secret=text(10)! team_id=int data=jsonb(2)!",
        PYTHON,
    ),
    "a Pydantic model": (
        """class User(BaseModel):
    model_config = ConfigDict(frozen=True)
    id: UUID
    name: Annotated[str, Field(max_length=40)]
    email: EmailStr
    role: Literal["admin", "user"] = "user"
    tags: list[str] = []
    balance: Decimal | None = None
    active: bool = True
    raw: bytes
    born: Optional[date]
    made: datetime
    settings: dict[str, int] = Field(default_factory=dict)

    @field_validator("name")
    def check(cls, value):
        return value
""",
        "user: id=uuid! name=text(20)! email=text(20)! role=text(4.5)! tags=text(20)[2]! balance=numeric "
        "active=boolean! raw=bytea(20)! born=date made=timestamptz! settings=jsonb(2)!",
        PYTHON,
    ),
    "a dataclass": (
        "@dataclass(slots=True)\nclass Point:\n    x: float\n    y: float = 0.0\n    label: str | None = None\n",
        "point: x=float! y=float! label=text(20)",
        PYTHON,
    ),
    "a Django model": (
        """class Order(models.Model):
    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, null=True)
    status = models.CharField(max_length=10, choices=[("n", "New")])
    total = models.DecimalField(max_digits=10, decimal_places=2)
    placed_at = models.DateTimeField(auto_now_add=True)
    email = models.EmailField()
    items = models.ManyToManyField("Item")
    meta = models.JSONField(default=dict)
    tags = ArrayField(models.CharField(max_length=20), default=list)

    class Meta:
        db_table = "shop_orders"
""",
        "shop_orders: id=bigint! customer_id=bigint status=text(5)! total=numeric! placed_at=timestamptz! "
        "email=text(20)! meta=jsonb(2)! tags=text(10)[2]!",
        PYTHON,
    ),
    "a Tortoise model": (
        'class Cup(Model):\n    id = fields.IntField(pk=True)\n    name = fields.CharField(max_length=30)\n'
        '    at = fields.DatetimeField(null=True)\n    events: fields.ReverseRelation["Event"]\n',
        "cup: id=int! name=text(15)! at=timestamptz",
        PYTHON,
    ),
    "a Peewee model": (
        "class Pet(Model):\n    name = CharField()\n    born = DateField(null=True)\n"
        "    owner = ForeignKeyField(Person)\n",
        "pet: id=int! name=text(20)! born=date owner_id=int!",
        PYTHON,
    ),
    "a Piccolo table": (
        "class Band(Table):\n    name = Varchar(length=50)\n    popularity = Integer()\n",
        "band: id=int! name=text(25)! popularity=int!",
        PYTHON,
    ),
    "a class's body": ("    id: Mapped[int]\n    name: Mapped[str | None]", "my_table: id=int! name=text(20)", PYTHON),
}  # fmt: skip

REFUSED = {
    "SELECT id, name FROM users": "This looks like a query: its types are those of its tables: paste",
    "-- all\nWITH x AS (SELECT 1)\nSELECT * FROM x": "This looks like a query: ",
    "INSERT INTO t (a) VALUES (1)": "This looks like a query: ",
    "model User {\n  id    Int     @id @default(autoincrement())\n  email String  @unique\n  posts Post[]\n}":
        "This looks like a Prisma schema: paste the CREATE TABLE that `prisma migrate diff --script` prints.",
    "session.query(User).filter(User.id == 1).all()": "This looks like a query of an ORM: paste the class",
    "users = User.objects.filter(active=True)": "This looks like a query of an ORM: ",
    "stmt = select(User.id, User.name).where(User.id > 5)": "This looks like a query of an ORM: ",
    '{"id": 1, "name": "x"}': "This looks like JSON: paste a CREATE TABLE",
    '[\n  {"id": 1}\n]': "This looks like JSON: ",
    "id,name,email\n1,Ann,a@x.org\n2,Bob,b@x.org": "This looks like CSV: ",
    " id | name \n----+------\n  1 | Ann\n(1 row)": "This looks like the rows of a query: ",
    "<table><tr><td>id</td></tr></table>": "This looks like HTML or XML: ",
    "interface User {\n  id: number;\n  name: string;\n}": "This looks like TypeScript, or another language: ",
    "type User struct {\n  ID int\n}": "This looks like TypeScript, or another language: ",
    'create_table "users", force: :cascade do |t|\n  t.string "name"\nend': "This looks like a schema of Rails: ",
    "import os\nprint('x')": "This was not understood: ",
    "class A:\n    def f(self):\n        pass": "This is Python without a class that has columns: ",
    "Once upon a time": "This was not understood: ",
    "Hello world": "This was not understood: ",
    "CREATE VIEW v AS SELECT 1": "There is no CREATE TABLE in this text: ",
}  # fmt: skip
