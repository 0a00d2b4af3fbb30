"""A program that runs is asked what it remembers of names, is made to forget, and reads its files again on demand."""

import json
import os
import re
import shutil
import subprocess
import sys
import unittest

THARSIS, WORK, SOURCE = sys.argv[1:4]
STATE = os.path.join(WORK, "state")
PROFILE = """tharsis: 1
plugins:
  dns:
    pins: { pinned.example.com: [192.0.2.10] }
    hosts: ["${config}/hosts"]
    table: { file: "${config}/table", keys: ["${config}/owner.pub"] }
    read_again: 1h
"""


def path(name):
    return os.path.join(WORK, name)


def tharsis(*words):
    ran = subprocess.run([THARSIS, *words], capture_output=True, text=True, timeout=60, cwd=WORK)
    return ran.returncode, ran.stdout, ran.stderr


def ask(*words):
    return tharsis(*words, "--state", STATE)


def cache():
    code, out, wrong = ask("dns", "cache", "--json")
    assert code == 0, wrong
    return {(row["name"], row["family"]): row for row in map(json.loads, out.splitlines())}


def sign(serial):
    with open(SOURCE) as f:
        text = re.sub(r"serial: \d+", f"serial: {serial}", f.read())
    with open(path("source.yaml"), "w") as f:
        f.write(text)
    code, out, wrong = tharsis("dns", "sign-table", "source.yaml", "--key", "owner", "--state", path("signing"))
    assert code == 0, wrong
    return out


def put(name, text):
    with open(path(name + ".new"), "w") as f:
        f.write(text)
    os.replace(path(name + ".new"), path(name))


class Live(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        shutil.rmtree(WORK, ignore_errors=True)
        os.makedirs(WORK)
        code, _, wrong = tharsis("dns", "keygen", "owner", "--state", path("signing"))
        assert code == 0, wrong
        put("table", sign(42))
        put("hosts", "192.0.2.50 host.example.com\n")
        put("one.yaml", PROFILE)
        cls.running = subprocess.Popen([THARSIS, "run", path("one.yaml"), "--state", STATE], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        for line in cls.running.stdout:
            if "Ctrl-C stops" in line:
                break

    @classmethod
    def tearDownClass(cls):
        ask("stop")
        cls.running.stdout.close()
        assert cls.running.wait(60) == 0

    def test_1_what_is_remembered_is_shown(self):
        row = cache()[("pinned.example.com", 4)]
        self.assertEqual((row["state"], row["source"], row["proven"], row["left"], row["network"]), ("fresh", "pinned", True, None, "this"))
        self.assertEqual([a["address"] for a in row["addresses"]], ["192.0.2.10"])
        code, out, wrong = ask("dns", "cache")
        self.assertEqual(code, 0, wrong)
        self.assertIn("pinned.example.com (IPv4)  fresh  192.0.2.10  pinned, proven, always\n", out)

    def test_2_it_forgets_on_demand(self):
        self.assertEqual(ask("dns", "cache", "flush", "pinned.example.com")[:2], (0, "'pinned.example.com' is forgotten\n"))
        self.assertEqual(ask("dns", "cache", "flush", "strange.example.com"), (1, "", "dns remembers nothing of 'strange.example.com'\n"))
        code, out, wrong = ask("dns", "cache", "flush", "all")
        self.assertEqual(code, 0, wrong)
        self.assertIn("answers are forgotten", out)
        self.assertIn(("pinned.example.com", 4), cache(), "what the profile says comes back at once")
        for words, why in (("flush",), "flush NAME, or flush all"), (("dance",), "neither list nor flush"), (("flush", "all", "--kept"), "flush without --kept"):
            code, out, wrong = ask("dns", "cache", *words)
            self.assertEqual((code, out), (2, ""))
            self.assertIn(why, wrong)

    def test_3_a_reload_reads_files_again(self):
        code, out, wrong = ask("reload")
        self.assertEqual((code, out), (0, "nothing has changed\n"), wrong)
        put("hosts", "192.0.2.51 host.example.com\n")
        put("table", sign(43))
        code, out, wrong = ask("reload")
        self.assertEqual((code, wrong), (0, ""))
        self.assertEqual(out, "dns: the hosts files say something else\nanother signed table counts, serial 43\n")

    def test_4_a_table_that_is_refused_leaves_the_one_before(self):
        put("table", sign(41))
        code, out, wrong = ask("reload")
        self.assertEqual((code, out), (1, ""))
        self.assertIn("is an older one, serial 41: 43 was seen before", wrong)
        self.assertIn("the one before goes on to count, serial 43", wrong)
        put("table", sign(44)[:-40])
        code, out, wrong = ask("reload", "--json")
        self.assertEqual(code, 1)
        told = json.loads(out)
        self.assertIn("the one before goes on to count, serial 43", told["error"])
        put("table", sign(45))
        self.assertEqual(ask("reload")[:2], (0, "dns: another signed table counts, serial 45\n"))

    def test_5_who_looks_at_another_table_changes_nothing(self):
        with open(os.path.join(STATE, "dns", "table")) as f:
            kept = f.read()
        for serial in (7, 99):
            put("other", sign(serial))
            code, out, wrong = ask("dns", "resolve", "push.example.com", "--table", path("other"), "--table-key", path("owner.pub"))
            self.assertEqual(code, 0, wrong)
            self.assertIn("192.0.2.9  (table, proven", out)
        with open(os.path.join(STATE, "dns", "table")) as f:
            self.assertEqual(f.read(), kept)
        self.assertEqual(ask("reload")[:2], (0, "nothing has changed\n"))

    def test_6_who_does_not_run_has_a_file(self):
        code, out, wrong = tharsis("dns", "cache", "--state", path("nobody"))
        self.assertEqual((code, out), (1, ""))
        self.assertIn("dns has kept no name with this state folder yet", wrong)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
