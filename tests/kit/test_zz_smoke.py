async def test_smoke(client, clerk_a, identity):
    for i in range(2):
        r = await client.post("/scratch/v1/notes", json={"place": "/"+"a"*32+"/", "words": "x"}, headers=clerk_a|{"Idempotency-Key":"12345678"})
        print(r.status_code, r.headers, r.text)
    loc = r.headers["location"]
    for m, p, kw in [("GET",loc,{}),("PUT",loc,{}),("GET","/nix",{}),("GET","/scratch/v1/notes",{}),("GET","/healthz",{}),("GET","/readyz",{}),("GET","/docs",{}),("GET","/scratch/v1/defects",{}),("POST","/scratch/v1/notes",{"content":b"{"}),("POST","/scratch/v1/notes",{"json":{"a":1}}), ("POST","/scratch/v1/notes",{"content":b"x"*2000000,}),("POST","/scratch/v1/notes",{"content":b"x", "headers":{"content-type":"text/plain"}}), ("PUT",loc+"/words",{"json":{"place":"/","words":"y"}}),]:
        h = clerk_a | kw.pop("headers",{"content-type":"application/json"})
        r = await client.request(m, p, headers=h, **kw)
        print(m, p, r.status_code, dict(r.headers), r.text[:600])
    import json; print(json.dumps((await client.get("/openapi.json")).json(), indent=1)[:6000])
