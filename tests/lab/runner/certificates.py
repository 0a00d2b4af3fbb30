"""The lab's own authority, made anew for each case, and what it signs."""

import base64
import hashlib
import shutil

from . import sandbox

# Beside the names that matter: real certificates have some two kilobytes, and a line that drops long packets meets them.
OTHER_NAMES = [f"host-{number}.a-hosting-company.test" for number in range(60)]


class Certificates:
    def __init__(self, world):
        self.world = world
        self.made = {}
        self.store = None

    def take_over(self):
        """From here on the machine's own store of authorities is not seen, and only the lab's is trusted."""
        self.store = sandbox.own_store()
        self.trust("lab authority")

    def trust(self, name):
        """The whole machine takes this authority for one of those that it came with."""
        path = self.authority_named(name)[0]
        with open(path, encoding="ascii") as one, open(self.store / "ca-certificates.crt", "a", encoding="ascii") as together:
            together.write(one.read())
        digest = self.world.must(["openssl", "x509", "-in", path, "-noout", "-subject_hash"]).strip()
        shutil.copy(path, self.store / f"{digest}.0")  # Where OpenSSL looks for it.

    @property
    def authority(self):
        """(certificate, key) of the authority that the client trusts."""
        return self.authority_named("lab authority")

    def authority_named(self, name):
        """Another authority, such as a liar's own; its files are made at the first call."""
        if name not in self.made:
            stem = str(sandbox.FOLDER / name.replace(" ", "_"))
            self.openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                         "-subj", f"/CN={name}", "-addext", "basicConstraints=critical,CA:TRUE",
                         "-keyout", f"{stem}.key", "-out", f"{stem}.pem")
            self.made[name] = (f"{stem}.pem", f"{stem}.key")
        return self.made[name]

    def signed(self, names, authority="lab authority", days=2, stem=None):
        """(certificate chain, key) for host names and addresses; negative `days` is one that has expired."""
        ca, ca_key = self.authority_named(authority)
        stem = stem or str(sandbox.FOLDER / ("certificate_" + names[0].replace("*", "any").replace(":", "_")))
        listed = ",".join(("IP:" if name.replace(".", "").isdigit() or ":" in name else "DNS:") + name for name in names)
        self.openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={names[0]}",
                     "-addext", f"subjectAltName={listed}", "-keyout", f"{stem}.key", "-out", f"{stem}.csr")
        self.openssl("x509", "-req", "-in", f"{stem}.csr", "-CA", ca, "-CAkey", ca_key, "-CAcreateserial",
                     "-copy_extensions", "copy", "-days", str(days), "-out", f"{stem}.pem")
        with open(f"{stem}.pem", "a", encoding="ascii") as chain, open(ca, encoding="ascii") as authority_text:
            chain.write(authority_text.read())
        return f"{stem}.pem", f"{stem}.key"

    def pin(self):
        """As profiles pin the key of the lab's authority."""
        public = self.world.must(["openssl", "x509", "-in", self.authority[0], "-noout", "-pubkey"])
        der = base64.b64decode("".join(line for line in public.splitlines() if "-----" not in line))
        return "sha256/" + base64.b64encode(hashlib.sha256(der).digest()).decode()

    def openssl(self, *words):
        self.world.must(["openssl", *words])
