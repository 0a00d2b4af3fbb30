"""HTTP/1.1 of ours against that of others over real sockets: curl, Python and nginx ask our server; our client asks
Python's server and nginx. Each claim is about what arrives, none about how long it takes."""

import functools
import http.client
import http.server
import os
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import unittest

PEER = sys.argv[1]
CURL = shutil.which("curl")
NGINX = shutil.which("nginx", path=os.environ.get("PATH", "") + ":/usr/sbin")
SIZES = [0, 1, 16384, 16385, 1_000_000]


@functools.lru_cache
def checksum(data):
    value = 14695981039346656037
    for byte in data:
        value = (value ^ byte) * 1099511628211 % 2**64
    return f"{len(data)} {value}"


@functools.lru_cache
def pattern(size):
    return bytes(ord("a") + (i + i // 251) % 26 for i in range(size))


def ask(method, url, *words):
    """The lines that our client prints."""
    done = subprocess.run([PEER, "ask", method, url, *map(str, words)], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


class Server:
    """Ours."""

    def __init__(self, *words):
        self.process = subprocess.Popen([PEER, "serve", *words], stdout=subprocess.PIPE, text=True)
        self.url = self.process.stdout.readline().strip()
        self.port = int(self.url.rsplit(":", 1)[1])

    def stop(self, *curl_words):
        subprocess.run([CURL, "-s", *curl_words, self.url + "/stop"], check=True, capture_output=True, timeout=60)
        code = self.process.wait(timeout=60)
        self.process.stdout.close()
        return code


class Handler(http.server.BaseHTTPRequestHandler):
    """Python's server with habits of every kind, by path."""

    protocol_version = "HTTP/1.1"
    connections = 0

    def setup(self):
        type(self).connections += 1
        super().setup()

    def body(self):
        if self.headers.get("Transfer-Encoding") == "chunked":
            data = b""
            while size := int(self.rfile.readline(), 16):
                data += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
            return data
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))

    def answer(self):
        if self.path == "/early":  # Says no before it has read anything, and hangs up.
            self.send_response(413)
            self.send_header("Content-Length", "2")
            self.send_header("Connection", "close")
            self.end_headers()
            self.wfile.write(b"no")
            self.close_connection = True
            return
        data = self.body()
        self.send_response(200)
        if self.path == "/chunks":
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            for at in range(0, len(data), 777):
                piece = data[at : at + 777]
                self.wfile.write(b"%X;x=y\r\n%s\r\n" % (len(piece), piece))
            self.wfile.write(b"0\r\nTrailer: yes\r\n\r\n")
        elif self.path == "/to_the_end":
            self.end_headers()
            self.wfile.write(data)
            self.close_connection = True
        elif self.path == "/cut":
            self.send_header("Content-Length", str(len(data) + 1))
            self.end_headers()
            self.wfile.write(data)
            self.close_connection = True
        else:
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(data)
            self.close_connection = self.path == "/leaves"  # Without a word of it.

    do_GET = do_POST = do_PUT = do_HEAD = answer

    def log_message(self, *_):
        pass


class OldHandler(Handler):
    protocol_version = "HTTP/1.0"


class PythonServer:
    def __init__(self, handler=Handler, folder=None):
        handler.connections = 0
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        if folder:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(folder + "/server.pem", folder + "/server-key.pem")
            context.set_alpn_protocols(["http/1.1"])
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.url = f"{'https' if folder else 'http'}://127.0.0.1:{self.server.server_address[1]}"
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


class OurClient(unittest.TestCase):
    def test_bodies_both_ways_over_one_connection(self):
        with PythonServer() as python:
            for size in SIZES:
                expected = "200 " + checksum(pattern(size))
                for path in ("/", "/chunks"):
                    self.assertEqual(ask("POST", python.url + path, "--size", size, "--times", 3), [expected] * 3)
                    self.assertEqual(ask("PUT", python.url + path, "--size", size, "--chunks", "--times", 2), [expected] * 2)
            self.assertEqual(Handler.connections, len(SIZES) * 4, "one connection for each call of the client")

    def test_answers_of_every_form(self):
        with PythonServer() as python:
            self.assertEqual(ask("POST", python.url + "/to_the_end", "--size", 100_000), ["200 " + checksum(pattern(100_000))])
            self.assertEqual(ask("HEAD", python.url + "/", "--times", 2), ["200 " + checksum(b"")] * 2)
            self.assertEqual(ask("POST", python.url + "/", "--size", 5000, "--expect"), ["200 " + checksum(pattern(5000))])
            self.assertIn("failed: the answer of 127.0.0.1", ask("POST", python.url + "/cut", "--size", 10)[0])
        with PythonServer(OldHandler) as python:
            self.assertEqual(ask("POST", python.url + "/", "--size", 1000, "--times", 2), ["200 " + checksum(pattern(1000))] * 2)
            self.assertEqual(OldHandler.connections, 2)

    def test_an_early_answer_is_taken_though_the_body_cannot_be_sent(self):
        with PythonServer() as python:
            self.assertEqual(ask("POST", python.url + "/early", "--size", 3000, "--expect"), ["413 " + checksum(b"no")])

    def test_a_connection_that_the_server_has_left_is_replaced(self):
        with PythonServer() as python:
            self.assertEqual(ask("PUT", python.url + "/leaves", "--size", 10, "--times", 20), ["200 " + checksum(pattern(10))] * 20)

    def test_what_is_no_http_is_named(self):
        with socket.create_server(("127.0.0.1", 0)) as other:

            def greet():
                one, _ = other.accept()
                one.sendall(b"SSH-2.0-OpenSSH_9.2\r\n")
                one.close()

            thread = threading.Thread(target=greet)
            thread.start()
            line = ask("GET", f"http://127.0.0.1:{other.getsockname()[1]}/")[0]
            thread.join()
            self.assertRegex(line, "^failed: the answer of 127.0.0.1:[0-9]+ to GET / is not usable HTTP/1.1: it does not begin with HTTP/")

    def test_nobody_there_is_named(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            port = taken.getsockname()[1]
            self.assertIn("refused", ask("GET", f"http://127.0.0.1:{port}/")[0])

    def test_tls_with_pythons_server(self):
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run([PEER, "identity", folder], check=True)
            with PythonServer(folder=folder) as python:
                words = ["--ca", folder + "/ca.pem", "--size", 100_000, "--times", 2]
                self.assertEqual(ask("POST", python.url + "/", *words), ["200 " + checksum(pattern(100_000))] * 2)
                by_name = python.url.replace("127.0.0.1", "localhost")
                self.assertEqual(ask("POST", by_name + "/", *words), ["200 " + checksum(pattern(100_000))] * 2)
                self.assertIn("needs TLS, and nobody was named to be trusted", ask("GET", python.url + "/")[0])

    @unittest.skipUnless(NGINX, "nginx is not installed")
    def test_nginx_in_between(self):
        """Our client to nginx to our server, in the clear and with TLS, and a file of nginx's own."""
        server = Server()
        self.addCleanup(server.process.kill)
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run([PEER, "identity", folder], check=True)
            ports = []
            for _ in range(2):
                with socket.create_server(("127.0.0.1", 0)) as free:
                    ports.append(free.getsockname()[1])
            with open(folder + "/file", "wb") as file:
                file.write(pattern(300_000))
            user = "user root;" if os.geteuid() == 0 else ""
            with open(folder + "/nginx.conf", "w") as conf:
                conf.write(f"""{user} daemon off; pid {folder}/pid; error_log {folder}/error.log; worker_processes 1;
events {{ worker_connections 64; }}
http {{
  access_log off; client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy; fastcgi_temp_path {folder}/f;
  uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s; client_max_body_size 4m;
  upstream ours {{ server 127.0.0.1:{server.port}; keepalive 4; }}
  server {{
    listen 127.0.0.1:{ports[0]}; listen 127.0.0.1:{ports[1]} ssl;
    ssl_certificate {folder}/server.pem; ssl_certificate_key {folder}/server-key.pem; ssl_protocols TLSv1.3;
    location / {{ proxy_pass http://ours; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_request_buffering off; }}
    location /file {{ root {folder}; }}
  }}
}}
""")
            nginx = subprocess.Popen([NGINX, "-c", folder + "/nginx.conf", "-p", folder], stderr=subprocess.DEVNULL)
            try:
                self.wait_for(ports[0], nginx)
                for base in (f"http://127.0.0.1:{ports[0]}", f"https://127.0.0.1:{ports[1]}"):
                    trust = ["--ca", folder + "/ca.pem"]
                    for size in SIZES:
                        expected = "200 " + checksum(pattern(size))
                        self.assertEqual(ask("POST", base + "/echo", "--size", size, "--times", 2, *trust), [expected] * 2)
                        self.assertEqual(ask("POST", base + "/echo", "--size", size, "--chunks", *trust), [expected])
                    self.assertEqual(ask("GET", base + "/file", *trust), ["200 " + checksum(pattern(300_000))])
                    self.assertEqual(ask("POST", base + "/ignore", "--size", 5_000_000, *trust)[0][:4], "413 ")
            finally:
                nginx.terminate()
                nginx.wait()
        self.assertEqual(server.stop(), 0)

    def wait_for(self, port, process):
        while process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                return
            except ConnectionRefusedError:
                os.sched_yield()
        self.fail("nginx does not start")


class OurServer(unittest.TestCase):
    def setUp(self):
        self.server = Server()
        self.addCleanup(self.server.process.kill)

    def tearDown(self):
        self.assertEqual(self.server.stop(), 0, "the server ends in order")

    def curl(self, path, *words, data=None):
        done = subprocess.run([CURL, "-sS", "--max-time", "60", *words, self.server.url + path], input=data, capture_output=True, timeout=120)
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout

    def raw(self, data):
        """All that our server answers to these bytes until it closes."""
        with socket.create_connection(("127.0.0.1", self.server.port)) as wire:
            wire.sendall(data)
            return b"".join(iter(lambda: wire.recv(65536), b""))

    def test_curl_in_all_its_ways(self):
        for size in SIZES:
            data = pattern(size)
            self.assertEqual(self.curl("/echo", "--data-binary", "@-", data=data), data)
            self.assertEqual(self.curl("/echo", "-H", "Expect: 100-continue", "--data-binary", "@-", data=data), data)
            self.assertEqual(self.curl("/mirror", "-T", "-", data=data), data, "in chunks, there and back")
            self.assertEqual(self.curl("/echo", "-0", "--data-binary", "@-", data=data), data, "HTTP/1.0")
            self.assertEqual(self.curl("/mirror", "-0", "--data-binary", "@-", data=data), data, "up to the end")
        self.assertIn(b"404 Not Found", self.curl("/nowhere", "--head"))
        self.assertEqual(self.curl("/echo", "-w", "%{http_code}", "-o", os.devnull, "--data-binary", "@-", data=bytes(9 << 20)), b"413")
        twice = self.curl("/ignore", "-w", "%{num_connects}", "--data", "x", self.server.url + "/ignore")
        self.assertEqual(twice, b"whatever\n1whatever\n0", "the second over the first's connection")

    def test_pythons_client_keeps_its_connection(self):
        wire = http.client.HTTPConnection("127.0.0.1", self.server.port)
        wire.connect()
        local = wire.sock.getsockname()
        for size in SIZES:
            wire.request("POST", "/sum", body=pattern(size))
            self.assertEqual(wire.getresponse().read().decode(), checksum(pattern(size)))
            wire.request("POST", "/mirror", body=iter([pattern(size), b"more"]), encode_chunked=True, headers={"Transfer-Encoding": "chunked"})
            self.assertEqual(wire.getresponse().read(), pattern(size) + b"more")
            wire.request("HEAD", "/nowhere")
            answer = wire.getresponse()
            self.assertEqual((answer.status, answer.read()), (404, b""))
            self.assertEqual(wire.sock.getsockname(), local)
        wire.close()

    def test_pipelined_requests_are_answered_in_order(self):
        sent = b"".join(b"POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: %d\r\n\r\n%s" % (len(str(i)), str(i).encode()) for i in range(200))
        got = self.raw(sent + b"GET /ignore HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n")
        bodies = [part.split(b"HTTP/1.1")[0] for part in got.split(b"\r\n\r\n")[1:]]
        self.assertEqual(bodies, [str(i).encode() for i in range(200)] + [b"whatever\n"])

    def test_what_is_no_request_is_answered_and_the_server_lives_on(self):
        for data, status in [
            (b"nonsense\r\n\r\n", b"400"),
            (b"\x16\x03\x01\x02\x00", b"400"),
            (b"GET / HTTP/1.1\r\n\r\n", b"400"),
            (b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", b"400"),
            (b"GET / HTTP/2.0\r\n\r\n", b"505"),
            (b"GET /" + b"x" * 9000 + b" HTTP/1.1\r\n", b"414"),
            (b"GET / HTTP/1.1\r\nHost: h\r\nX: " + b"x" * 40_000, b"431"),
            (b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: gzip\r\n\r\n", b"501"),
            (b"CONNECT h:443 HTTP/1.1\r\nHost: h:443\r\n\r\n", b"501"),
            (b"POST /sum HTTP/1.1\r\nHost: h\r\nContent-Length: 99999999999\r\n\r\n", b"413"),
        ]:
            answer = self.raw(data)
            self.assertTrue(answer.startswith(b"HTTP/1.1 " + status), (data[:60], answer[:200]))
            self.assertIn(b"Connection: close", answer)
        self.assertEqual(self.curl("/ignore"), b"whatever\n")

    def test_tls_with_curl_and_python(self):
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run([PEER, "identity", folder], check=True)
            server = Server(folder)
            self.addCleanup(server.process.kill)
            words = ["--cacert", folder + "/ca.pem"]
            for name in ("127.0.0.1", "localhost"):
                url = server.url.replace("127.0.0.1", name)
                done = subprocess.run([CURL, "-sS", *words, "--data-binary", "@-", "-w", "%{http_version}", url + "/echo"],
                                      input=pattern(1_000_000), capture_output=True, timeout=120)
                self.assertEqual(done.stdout, pattern(1_000_000) + b"1.1", done.stderr)
            context = ssl.create_default_context(cafile=folder + "/ca.pem")
            context.set_alpn_protocols(["h2", "http/1.1"])
            wire = http.client.HTTPSConnection("127.0.0.1", server.port, context=context)
            wire.request("POST", "/sum", body=pattern(1000))
            self.assertEqual(wire.sock.selected_alpn_protocol(), "http/1.1")
            self.assertEqual(wire.getresponse().read().decode(), checksum(pattern(1000)))
            wire.close()
            context.set_alpn_protocols(["h2"])
            with self.assertRaises(ssl.SSLError):
                http.client.HTTPSConnection("127.0.0.1", server.port, context=context).connect()
            without = subprocess.run([CURL, "-sS", f"http://127.0.0.1:{server.port}/"], capture_output=True, timeout=60)
            self.assertNotEqual(without.returncode, 0, "what comes is nothing that could be taken for an answer")
            self.assertEqual(server.stop(*words), 0)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
