"""The life of a signed table on the command line: keys, signing, checking, and names that need no server."""

import json
import os
import subprocess
import sys
import unittest

THARSIS, WORK, SOURCE = sys.argv[1:4]


def dns(*words):
    ran = subprocess.run([THARSIS, "dns", *words, "--state", os.path.join(WORK, "state")], capture_output=True, text=True, timeout=60, cwd=WORK)
    return ran.returncode, ran.stdout, ran.stderr


class SignedTable(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        os.makedirs(WORK, exist_ok=True)
        for name in os.listdir(WORK):
            if os.path.isfile(os.path.join(WORK, name)):
                os.remove(os.path.join(WORK, name))
        for key in ("owner", "stranger"):
            code, _, wrong = dns("keygen", key)
            assert code == 0, wrong
        code, _, wrong = dns("sign-table", SOURCE, "--key", "owner", "-o", "table")
        assert code == 0, wrong

    def path(self, name):
        return os.path.join(WORK, name)

    def text(self, name):
        with open(self.path(name)) as f:
            return f.read()

    def test_keys_are_their_owners_alone(self):
        self.assertEqual(os.stat(self.path("owner")).st_mode & 0o777, 0o600)
        code, _, wrong = dns("keygen", "owner")
        self.assertEqual(code, 1)
        self.assertIn("nothing is overwritten", wrong)
        with open(self.path("open"), "w") as f:
            f.write(self.text("owner"))
        os.chmod(self.path("open"), 0o644)
        code, out, wrong = dns("sign-table", SOURCE, "--key", "open")
        self.assertEqual((code, out), (1, ""))
        self.assertIn("is open to others", wrong)

    def test_a_table_is_good_or_says_why_not(self):
        code, out, _ = dns("verify-table", "table", "--key", "owner.pub", "--json")
        self.assertEqual(code, 0)
        told = json.loads(out)
        self.assertEqual((told["good"], told["serial"], told["names"]["im.example.com"]["ttl_s"]), (True, 42, 300))
        code, out, _ = dns("verify-table", "table", "--key", "stranger.pub", "--json")
        self.assertEqual((code, json.loads(out)["good"]), (1, False))
        self.assertIn("another key", json.loads(out)["reason"])
        self.assertEqual(dns("verify-table", "table", "--key", "stranger.pub", "--key", "owner.pub")[0], 0)
        with open(self.path("cut"), "w") as f:
            f.write(self.text("table")[:-30])
        code, _, wrong = dns("verify-table", "cut", "--key", "owner.pub")
        self.assertEqual(code, 1)
        self.assertIn("cut", wrong)

    def test_without_out_it_is_printed(self):
        code, out, _ = dns("sign-table", SOURCE, "--key", "owner")
        self.assertEqual(code, 0)
        with open(self.path("printed"), "w") as f:
            f.write(out)
        self.assertEqual(dns("verify-table", "printed", "--key", "owner.pub")[0], 0)

    def test_its_names_need_no_server(self):
        trusting = ("--table", "table", "--table-key", "owner.pub")
        code, out, wrong = dns("resolve", "push.example.com", "im.example.com", *trusting, "--server", "udp://127.0.0.1:1", "--json")
        self.assertEqual(code, 0, wrong)
        push, im = (json.loads(line) for line in out.splitlines())
        self.assertEqual((push["verdict"], push["candidates"][0]["address"], push["candidates"][0]["source"]), ("proven", "192.0.2.9", "table"))
        self.assertIn(("192.0.2.1", 443), [(c["address"], c["port"]) for c in im["candidates"]])
        code, _, wrong = dns("resolve", "push.example.com", "--table", "table", "--table-key", "stranger.pub")
        self.assertEqual(code, 1)
        self.assertIn("another key", wrong)
        self.assertEqual(dns("resolve", "push.example.com", "--table", "table")[0], 2)

    def test_hosts_and_the_profile(self):
        with open(self.path("hosts"), "w") as f:
            f.write("192.0.2.77 box.example.com\n")
        code, out, wrong = dns("resolve", "box.example.com", "--hosts", "hosts")
        self.assertEqual(code, 0, wrong)
        self.assertIn("192.0.2.77  (hosts, proven", out)
        sets = "--set", f"table.file={self.path('table')}", "--set", f"table.keys=[{self.path('owner.pub')}]"
        code, out, wrong = dns("resolve", "push.example.com", *sets)
        self.assertEqual(code, 0, wrong)
        self.assertIn("192.0.2.9  (table, proven", out)
        code, _, wrong = dns("resolve", "push.example.com", *sets[:2])
        self.assertIn("dns.table.keys has to name a public key", wrong)
        code, _, wrong = dns("resolve", "push.example.com", "--set", "hosts=[here]")
        self.assertIn("is no absolute path", wrong)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
