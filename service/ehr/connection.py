"""HTTP connections that open through a call's door alone: a requests session for one server. Knows no FHIR.

urllib3 is subclassed where it connects and where it puts a connection back; nothing else of it is changed."""

from __future__ import annotations

import logging
import socket
import ssl
from http.cookiejar import DefaultCookiePolicy
from os.path import isdir
from typing import Any

import requests
import urllib3
from requests.adapters import HTTPAdapter
from requests.structures import CaseInsensitiveDict
from requests.utils import DEFAULT_CA_BUNDLE_PATH
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import NewConnectionError

from service.ehr.call import Stopped, current
from service.ehr.trouble import Trouble

# Their log lines quote URLs, warnings too, and a URL names the patient.
for _name in ("urllib3.connection", "urllib3.connectionpool"):
    logging.getLogger(_name).disabled = True


class _Outward(HTTPConnection):
    def _new_conn(self) -> socket.socket:
        call = current()
        try:
            if call is None:
                raise Stopped
            if (self.host.strip("[]"), self.port) != (call.door.place.host, call.door.place.port):
                raise call.stop(Trouble.ELSEWHERE)
            sock = call.door.open(call)
            try:
                call.hold(sock, reused=False)
            except Stopped:
                sock.close()
                raise
            return sock
        except Stopped:
            raise NewConnectionError(self, "stopped") from None

    def request(self, *args: Any, **kwargs: Any) -> None:
        """A connection that was open before is held from here on, a new one since it was opened."""
        call = current()
        if call is not None and self.sock is not None:
            try:
                call.hold(self.sock, reused=True)
            except Stopped:
                raise NewConnectionError(self, "stopped") from None
        super().request(*args, **kwargs)


class _OutwardTLS(_Outward, HTTPSConnection):
    """The host's name is what its certificate is checked against, whichever address was connected to."""


class _Pool(urllib3.HTTPConnectionPool):
    ConnectionCls = _Outward

    def _put_conn(self, conn: Any) -> None:
        """A connection is let go before another call can have it, or that one would be cut in this one's stead."""
        if call := current():
            call.let_go()
        super()._put_conn(conn)


class _PoolTLS(_Pool, urllib3.HTTPSConnectionPool):
    ConnectionCls = _OutwardTLS


class _Adapter(HTTPAdapter):
    def __init__(self, context: ssl.SSLContext, size: int) -> None:
        self._context = context
        super().__init__(pool_connections=1, pool_maxsize=size)

    def init_poolmanager(self, connections: int, maxsize: int, block: bool = False, **kwargs: Any) -> None:
        super().init_poolmanager(connections, maxsize, block, ssl_context=self._context, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _PoolTLS}

    def cert_verify(self, conn: Any, url: Any, verify: Any, cert: Any) -> None:
        """The certificates trusted are in the context, read once: nothing is loaded for each connection."""


class _Session(requests.Session):
    def get_redirect_target(self, resp: requests.Response) -> None:
        """No redirect is ever followed, nor its body read to see where it would lead."""


def trust(verify: bool | str) -> ssl.SSLContext:
    """What servers' certificates are checked against: the public authorities (True), or the bundle at a path.
    Raises ValueError for False: they are always checked."""
    if verify is False:
        raise ValueError("certificates are always checked")
    where = DEFAULT_CA_BUNDLE_PATH if verify is True else verify
    return ssl.create_default_context(capath=where) if isdir(where) else ssl.create_default_context(cafile=where)


def session(scheme: str, context: ssl.SSLContext, size: int) -> requests.Session:
    """A session of one server: no proxy, no .netrc, no cookie kept from one call to the next, `size` connections."""
    made = _Session()
    made.trust_env = False
    made.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
    made.headers = CaseInsensitiveDict({"Accept-Encoding": "gzip", "User-Agent": "countersign"})
    made.adapters.clear()
    made.mount(f"{scheme}://", _Adapter(context, size))
    return made
