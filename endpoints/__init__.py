"""What a request costs, from rows to response: `python -m uvicorn endpoints.json_array:app` serves one of them."""
