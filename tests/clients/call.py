"""One GET (the agent package: one POST) by a Python client: call.py CLIENT URL. Token from CALL_TOKEN. Exit status 0 for an answer of 200.

CALL_INSECURE=1: certificates are not verified, as by a client whose call goes around the proxy to an API that nobody signed.
"""

import asyncio
import os
import sys
import urllib.request
from urllib.parse import urlsplit

HEADERS = {"Authorization": "Bearer " + os.environ["CALL_TOKEN"]}
INSECURE = os.environ.get("CALL_INSECURE") == "1"


def by_requests(url):
    import requests

    return requests.get(url, headers=HEADERS, timeout=30).status_code


def by_httpx(url):
    import httpx

    return httpx.get(url, headers=HEADERS, timeout=30).status_code


def by_urllib(url):
    return urllib.request.urlopen(urllib.request.Request(url, headers=HEADERS), timeout=30).status


def by_aiohttp(url, trust_env=False):
    import aiohttp

    async def call():
        async with aiohttp.ClientSession(trust_env=trust_env) as session:
            async with session.get(url, headers=HEADERS, ssl=not INSECURE) as response:
                await response.read()
                return response.status

    return asyncio.run(call())


def by_airbyte_agent(url):
    from airbyte_agent_github import GithubConnector
    from airbyte_agent_github.connector_model import GithubConnectorModel
    from airbyte_agent_github.models import GithubPersonalAccessTokenAuthConfig

    parts = urlsplit(url)
    GithubConnectorModel.base_url = f"{parts.scheme}://{parts.netloc}"
    connector = GithubConnector(GithubPersonalAccessTokenAuthConfig(token=os.environ["CALL_TOKEN"]))
    viewer = asyncio.run(connector.viewer.get()).data
    return 200 if viewer["login"] == "lots" else viewer


CLIENTS = {
    "requests": by_requests,
    "httpx": by_httpx,
    "urllib": by_urllib,
    "aiohttp": by_aiohttp,
    "aiohttp-trust-env": lambda url: by_aiohttp(url, trust_env=True),
    "airbyte-agent": by_airbyte_agent,
}

if __name__ == "__main__":
    status = CLIENTS[sys.argv[1]](sys.argv[2])
    sys.exit(0 if status == 200 else f"the answer is {status}")
