"""What a request costs, from the rows to the response: `python -m uvicorn endpoints.array:app` serves one of them."""
