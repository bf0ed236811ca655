#!/usr/bin/env python3
"""Produces "report" downloads for Claimcheck. Needs nothing but Python 3.8 and a token that may
work:report. Usage: CLAIMCHECK_URL=https://files.example.org CLAIMCHECK_TOKEN=cct_... worker.py [--once]"""
import json, os, sys, urllib.request

URL, TOKEN = os.environ["CLAIMCHECK_URL"], os.environ["CLAIMCHECK_TOKEN"]

def call(method, path, body, media_type="application/json"):
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": media_type}
    request = urllib.request.Request(URL + "/v1/work" + path, data, headers, method=method)
    with urllib.request.urlopen(request) as answer:
        text = answer.read()
        return json.loads(text) if text else None

while True:
    job = call("POST", "/claim", {"types": ["report"], "worker": "worker.py", "wait": 30})
    if job is not None:
        number, attempt = job["number"], job["attempt"]
        try:
            call("POST", f"/{number}/heartbeat", {"attempt": attempt, "progress": 0.5})
            text = f"Report for {job['account']['username']}: {json.dumps(job['info'])}\n"
            call("PUT", f"/{number}/files/report.txt?attempt={attempt}", text.encode(), "text/plain")
            call("POST", f"/{number}/complete", {"attempt": attempt})
        except Exception as error:
            call("POST", f"/{number}/fail", {"attempt": attempt, "message": str(error)[:1000]})
    if "--once" in sys.argv:
        break
