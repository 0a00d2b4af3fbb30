"""tharsis stn fetch, and the C example over tharsis.http/1, against Python's server over TLS and, where they are installed,
nginx, and tinyproxy on the way: http_client_test.py THARSIS PLUGINS HTTP_GET FOLDER. Each claim is about what arrives, none about how long it takes."""

import gzip
import http.server
import json
import os
import shutil
import socket
import ssl
import subprocess
import sys
import threading
import unittest

from loopback import free_port, listens, wait_until
from stn_proxy_test import Socks5

THARSIS, PLUGINS, HTTP_GET, FOLDER = sys.argv[1:5]
NGINX = shutil.which("nginx", path=os.environ.get("PATH", "") + ":/usr/sbin")
TEXT = "".join(f"line {i}\n" for i in range(50_000))


def make_certificates():
    """An authority and a server's certificate for localhost, anew for each run."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    os.makedirs(FOLDER)
    run = lambda *words: subprocess.run(["openssl", *words], cwd=FOLDER, check=True, capture_output=True)
    ec = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
    run("req", "-x509", *ec, "-keyout", "ca-key.pem", "-out", "ca.pem", "-subj", "/CN=test authority", "-days", "2")
    run("req", *ec, "-keyout", "key.pem", "-out", "request.pem", "-subj", "/CN=localhost")
    with open(FOLDER + "/names", "w") as names:
        names.write("subjectAltName=DNS:localhost,IP:127.0.0.1\n")
    run("x509", "-req", "-in", "request.pem", "-CA", "ca.pem", "-CAkey", "ca-key.pem", "-CAcreateserial", "-out", "server.pem", "-days", "2", "-extfile", "names")


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def reply(self, status, body, **fields):
        self.send_response(status)
        for name, value in fields.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def answer(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path == "/moved":
            self.reply(302, b"", Location="/text")
        elif self.path == "/text":
            self.reply(200, TEXT.encode(), Content_Type="text/plain")
        elif self.path == "/zipped" and "gzip" in self.headers.get("Accept-Encoding", ""):
            self.reply(200, gzip.compress(TEXT.encode()), Content_Encoding="gzip")
        elif self.path == "/to_the_end":
            self.send_response(200)
            self.send_header("Connection", "close")
            self.end_headers()
            self.wfile.write(TEXT.encode())
            self.close_connection = True
        elif self.path == "/bytes":
            self.reply(200, bytes(range(256)))
        elif self.path == "/echo":
            self.reply(200, f"{self.command} {self.headers.get('X-Own')} ".encode() + body)
        else:
            self.reply(404, b"nothing is here\n")

    do_GET = do_POST = do_PUT = do_HEAD = answer

    def log_message(self, *_):
        pass


class Python:
    def __init__(self, secure=True):
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        if secure:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(FOLDER + "/server.pem", FOLDER + "/key.pem")
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.url = f"{'https' if secure else 'http'}://localhost:{self.server.server_address[1]}"
        self.thread = threading.Thread(target=self.server.serve_forever)

    def __enter__(self):
        self.thread.start()
        return self.url

    def __exit__(self, *_):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


def fetch(*words):
    done = subprocess.run([THARSIS, "stn", "fetch", *words, "--state", FOLDER + "/state"], capture_output=True, timeout=120)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


class Nginx:
    """Files of www over TLS; with `back`, /echo there. `spoken`: "http2", or nothing more than HTTP/1.1."""

    def __init__(self, spoken="", back="http://127.0.0.1:1"):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        os.makedirs(FOLDER + "/www", exist_ok=True)
        with open(FOLDER + "/www/text.txt", "w") as file:
            file.write(TEXT)
        with open(FOLDER + "/nginx.conf", "w") as file:
            file.write(f"""daemon off; pid {FOLDER}/nginx.pid; error_log {FOLDER}/nginx.log; worker_processes 1;
events {{ worker_connections 64; }}
http {{ access_log off; gzip on; gzip_types text/plain; client_body_temp_path {FOLDER}/t1; proxy_temp_path {FOLDER}/t2;
fastcgi_temp_path {FOLDER}/t3; uwsgi_temp_path {FOLDER}/t4; scgi_temp_path {FOLDER}/t5; types {{ text/plain txt; }} client_max_body_size 20m;
server {{ listen 127.0.0.1:{self.port} ssl {spoken}; ssl_protocols TLSv1.3; ssl_certificate {FOLDER}/server.pem; ssl_certificate_key {FOLDER}/key.pem; root {FOLDER}/www;
location /away {{ return 301 /text.txt; }} location /echo {{ proxy_pass {back.replace("localhost", "127.0.0.1")}; }} }} }}
""")

    def __enter__(self):
        self.nginx = subprocess.Popen([NGINX, "-p", FOLDER, "-c", FOLDER + "/nginx.conf"], stderr=subprocess.DEVNULL)
        for _ in range(1000):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    break
            if self.nginx.poll() is not None:
                raise RuntimeError(f"nginx does not run; see {FOLDER}/nginx.log")
            threading.Event().wait(0.02)
        return f"https://localhost:{self.port}"

    def __exit__(self, *_):
        self.nginx.terminate()
        self.nginx.wait(timeout=60)


class Fetch(unittest.TestCase):
    def test_bodies_of_every_form(self):
        with Python() as url:
            for path in ("/text", "/moved", "/zipped"):
                code, out, err = fetch(url + path, "--ca", FOLDER + "/ca.pem")
                self.assertEqual((code, err), (0, ""), path)
                self.assertEqual(out, TEXT, path)
            # Python hangs up without TLS's farewell: nobody knows whether more would have come.
            code, out, err = fetch(url + "/to_the_end", "--ca", FOLDER + "/ca.pem")
            self.assertEqual((code, out), (1, ""))
            self.assertIn("close_notify", err)
        with Python(secure=False) as url:
            self.assertEqual(fetch(url + "/to_the_end"), (0, TEXT, ""))

    def test_who_is_not_trusted_gets_nothing(self):
        with Python() as url:
            code, out, err = fetch(url + "/text")
            self.assertEqual((code, out), (1, ""))
            self.assertIn("localhost", err)

    def test_what_is_sent(self):
        with Python(secure=False) as url:
            self.assertEqual(fetch(url + "/echo", "--data", "d", "--header", "X-Own: 1")[:2], (0, "POST 1 d\n"))
            with open(FOLDER + "/data", "w") as file:
                file.write("x" * 200_000)
            code, out, _ = fetch(url + "/echo", "--method", "PUT", "--data-file", FOLDER + "/data")
            self.assertEqual((code, out), (0, "PUT None " + "x" * 200_000 + "\n"))
            self.assertEqual(fetch(url + "/echo", "--data-file", FOLDER + "/nothing")[0], 2)

    def test_files_and_codes(self):
        with Python(secure=False) as url:
            target = FOLDER + "/bytes"
            self.assertEqual(fetch(url + "/bytes", "--output", target), (0, "", ""))
            with open(target, "rb") as file:
                self.assertEqual(file.read(), bytes(range(256)))
            self.assertFalse(os.path.exists(target + ".part"))
            code, out, err = fetch(url + "/bytes")
            self.assertEqual((code, out), (0, ""))
            self.assertIn("--output", err)
            code, out, err = fetch(url + "/nowhere")
            self.assertEqual((code, out), (1, "nothing is here\n"))
            self.assertIn("404", err)
            code, out, _ = fetch(url + "/nowhere", "--include")
            self.assertTrue(out.startswith("HTTP/1.1 404 Not Found\r\n"), out)
            self.assertEqual(fetch("ftp://x/")[0], 2)

    def test_json(self):
        with Python(secure=False) as url:
            code, out, _ = fetch(url + "/moved", "--json")
            told = json.loads(out.splitlines()[-1])
            self.assertEqual(code, 0)
            self.assertEqual((told["url"], told["status"], told["http_status"], told["redirects"]), (url + "/text", "ok", 200, 1))
            self.assertEqual((told["bytes"], told["body"]), (len(TEXT), TEXT))
            self.assertIn(["Content-Type", "text/plain"], told["headers"])
        code, out, _ = fetch(url + "/text", "--json")
        told = json.loads(out.splitlines()[-1])
        self.assertEqual((code, told["status"], told["http_status"]), (1, "refused", 0))
        self.assertTrue(told["reason"])

    @unittest.skipUnless(NGINX, "nginx is not installed")
    def test_nginx(self):
        with Nginx() as url:
            self.assertEqual(fetch(url + "/away", "--ca", FOLDER + "/ca.pem"), (0, TEXT, ""))
            self.assertEqual(fetch(url + "/nothing", "--ca", FOLDER + "/ca.pem")[0], 1)
            code, out, _ = fetch(url + "/text.txt", "--ca", FOLDER + "/ca.pem", "--json")
            self.assertEqual((code, json.loads(out.splitlines()[-1])["http_version"]), (0, "1.1"))
            code, out, err = fetch(url + "/text.txt", "--ca", FOLDER + "/ca.pem", "--http2")
            self.assertEqual((code, out), (1, ""))
            self.assertTrue("no application protocol" in err or "does not speak HTTP/2" in err, err)

    @unittest.skipUnless(NGINX, "nginx is not installed")
    def test_nginx_over_http2(self):
        with Python(secure=False) as back, Nginx("http2", back) as url:
            trusted = ("--ca", FOLDER + "/ca.pem")
            self.assertEqual(fetch(url + "/away", *trusted), (0, TEXT, ""))
            self.assertEqual(fetch(url + "/text.txt", "--raw", *trusted), (0, TEXT, ""))
            self.assertEqual(fetch(url + "/nothing", *trusted)[0], 1)
            code, out, _ = fetch(url + "/text.txt", "--json", *trusted)
            told = json.loads(out.splitlines()[-1])
            self.assertEqual((code, told["http_version"], told["http_status"], told["body"]), (0, "2", 200, TEXT))
            code, out, _ = fetch(url + "/text.txt", "--method", "HEAD", "--include", *trusted)
            self.assertEqual(code, 0)
            self.assertTrue(out.startswith("HTTP/2 200\r\n"), out)
            code, out, _ = fetch(url + "/text.txt", "--include", "--http1.1", *trusted)
            self.assertTrue(out.startswith("HTTP/1.1 200 OK\r\n"), out[:100])
            # More than both windows, there and back.
            with open(FOLDER + "/data", "w") as file:
                file.write("x" * 3_000_000)
            code, out, err = fetch(url + "/echo", "--method", "PUT", "--data-file", FOLDER + "/data", "--header", "X-Own: 2", *trusted)
            self.assertEqual((code, err), (0, ""))
            self.assertTrue(out == "PUT 2 " + "x" * 3_000_000 + "\n", out[:100])

    @unittest.skipUnless(NGINX and shutil.which("curl"), "nginx or curl is not installed")
    def test_what_curl_gets_over_http2_is_what_we_get(self):
        with Python(secure=False) as back, Nginx("http2", back) as url:
            for path in ("/text.txt", "/echo", "/nothing"):
                theirs = subprocess.run(["curl", "-s", "--http2", "--cacert", FOLDER + "/ca.pem", "-H", "X-Own: 3", url + path], capture_output=True, timeout=120)
                _, out, _ = fetch(url + path, "--header", "X-Own: 3", "--http2", "--ca", FOLDER + "/ca.pem")
                self.assertEqual(out.rstrip("\n"), theirs.stdout.decode().rstrip("\n"), path)


class Proxies(unittest.TestCase):
    def test_socks5(self):
        guarded = Socks5(("ann", "hidden"))
        way = ("--proxy", f"socks5://ann:hidden@127.0.0.1:{guarded.port}", "--plain", "--ca", FOLDER + "/ca.pem")
        for secure in (True, False):
            with Python(secure) as url:
                self.assertEqual(fetch(url + "/text", *way), (0, TEXT, ""))
        self.assertEqual([host for _, host in guarded.asked], ["localhost"] * 2)
        code, out, err = fetch("http://localhost/", "--plain", "--proxy", f"socks5://ann:hidden2@127.0.0.1:{guarded.port}")
        self.assertEqual((code, out), (1, ""))
        self.assertIn("does not accept this name and password", err)
        self.assertNotIn("hidden", err)

    def test_what_is_no_proxy(self):
        code, _, err = fetch("http://localhost/", "--proxy", "gopher://proxy:70")
        self.assertEqual(code, 2)
        self.assertIn("--proxy", err)
        code, _, err = fetch("http://localhost/", "--proxy", f"http://127.0.0.1:{free_port()}")
        self.assertEqual(code, 1)
        self.assertIn("http.plain: allowed", err)  # Nothing goes unencrypted through somebody else's machine unless that is wished.
        code, _, err = fetch("http://localhost/", "--plain", "--proxy", f"http://127.0.0.1:{free_port()}")
        self.assertEqual(code, 1)
        self.assertIn("the proxy http://127.0.0.1", err)

    @unittest.skipUnless(shutil.which("tinyproxy"), "tinyproxy is not installed")
    def test_tinyproxy(self):
        with Python() as secure, Python(secure=False) as plain:
            port = free_port()
            with open(FOLDER + "/tinyproxy.conf", "w") as file:  # As its package has it: no tunnels but to the ports of TLS.
                file.write(f"Port {port}\nListen 127.0.0.1\nTimeout 60\nBasicAuth ann hidden\nConnectPort {secure.rsplit(':', 1)[1]}\n")
            proxy = subprocess.Popen(["tinyproxy", "-d", "-c", FOLDER + "/tinyproxy.conf"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            try:
                wait_until("tinyproxy", lambda: listens(port))
                way = ("--plain", "--ca", FOLDER + "/ca.pem", "--proxy", f"http://ann:hidden@127.0.0.1:{port}")
                for url in (plain, secure):
                    self.assertEqual(fetch(url + "/text", *way), (0, TEXT, ""))
                    self.assertEqual(fetch(url + "/moved", *way), (0, TEXT, ""))
                    self.assertEqual(fetch(url + "/echo", "--data", "d", *way)[:2], (0, "POST None d\n"))
                code, out, err = fetch(plain + "/text", "--plain", "--proxy", f"http://127.0.0.1:{port}")
                self.assertEqual((code, out), (1, ""))
                self.assertIn("the proxy http://127.0.0.1", err)
                # A wrong password it answers with 401, as if it were the server: the answer is shown, and is none of ours.
                code, _, err = fetch(plain + "/text", "--plain", "--proxy", f"http://ann:hidden2@127.0.0.1:{port}")
                self.assertEqual(code, 1)
                self.assertNotIn("hidden", err)
                code, out, err = fetch(plain + "/text", "--plain", "--set", "http.proxy_fallback=direct", "--proxy", f"socks5://127.0.0.1:{port}")
                self.assertEqual((code, out), (0, TEXT))
            finally:
                proxy.terminate()
                proxy.wait(timeout=60)


class Gateway(unittest.TestCase):
    def test_the_short_link_end(self):
        words = [THARSIS, "stn", "serve", "tcp://127.0.0.1:0", "--http", "http://127.0.0.1:0", "--json", "--state", FOLDER + "/serve"]
        gateway = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        try:
            url = json.loads(gateway.stdout.readline())["http"]
            self.assertEqual(fetch(url + "/mars/echo", "--data", "hello"), (0, "hello\n", ""))
            keyed = (url + "/mars/echo", "--data", "hello", "--header")
            self.assertEqual(fetch(*keyed, "Idempotency-Key: 6b")[0], 0)
            self.assertEqual(fetch(*keyed, "Idempotency-Key: what")[0], 1)
            self.assertEqual(fetch(url + "/mars/echo")[0], 1)
            self.assertEqual(fetch(url + "/else", "--data", "hello")[0], 1)
        finally:
            gateway.terminate()
            gateway.wait(timeout=60)
        wrong = subprocess.run([*words[:4], "--http", "http://192.0.2.1:0"], capture_output=True, timeout=60)
        self.assertEqual(wrong.returncode, 2)
        self.assertIn(b"gateway.open", wrong.stderr)


class Example(unittest.TestCase):
    def test_a_host_in_c(self):
        profile = FOLDER + "/profile.yaml"
        with open(profile, "w") as file:
            file.write('tharsis: 1\nplugins:\n  stn:\n    links: { main: { endpoints: ["tcp://127.0.0.1:9"] } }\n'
                       f"    http: {{ tls: {{ ca: {FOLDER}/ca.pem }} }}\n")
        with Python() as url:
            done = subprocess.run([HTTP_GET, profile, PLUGINS, FOLDER + "/host", url + "/moved"], capture_output=True, timeout=120)
            self.assertEqual(done.stdout.decode(), TEXT, done.stderr.decode())
            self.assertEqual(done.returncode, 0)
            self.assertIn(f"200 from {url}/text", done.stderr.decode())


if __name__ == "__main__":
    make_certificates()
    unittest.main(argv=sys.argv[:1])
