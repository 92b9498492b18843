"""An HTTPS server of the tests' own, on loopback: says at each path what it is told to."""
import http.server
import ssl
import threading


class Server:
    """`pages`: {path: (status, {header: value}, body)}, or a function of the request handler that writes what it likes.
    What is asked is kept in `requests`: (method, path, {header: value}, body)."""

    def __init__(self, port, chain, key, pages=None):
        self.pages, self.requests = pages or {}, []
        self.over = threading.Event()  # for pages that make one wait
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                outer.requests.append((self.command, self.path, dict(self.headers), body))
                page = outer.pages.get(self.path, (404, {}, b""))
                if callable(page):
                    self.close_connection = True
                    page(self)
                    return
                status, headers, body = page
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_GET = do_POST = answer

            def log_message(self, *words):
                pass

        class Quiet(http.server.ThreadingHTTPServer):
            daemon_threads = True

            def get_request(self):
                connection, peer = super().get_request()
                return context.wrap_socket(connection, server_side=True, do_handshake_on_connect=False), peer

            def handle_error(self, request, client_address):
                pass  # a client that did not like the certificate

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(chain, key)
        self.server = Quiet(("127.0.0.1", port), Handler)
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def stop(self):
        self.over.set()
        self.server.shutdown()
        self.server.server_close()
