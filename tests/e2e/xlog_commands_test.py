"""Goal: what tharsis xlog prints is what others can read: the Python reader, a host in C, lnav, grep and pagers; and tail follows.
Method: the shipped program on real files; words: the program, an empty folder for its logs, the top of the repository, the
example of a reader in C, the folder of the plugins."""
import json, os, pty, re, shutil, subprocess, sys, unittest
from datetime import datetime

PROGRAM, FOLDER, TOP, C_READER, PLUGINS = sys.argv[1:6]
FILES = os.path.join(TOP, "tests/plugins/xlog/files")
# What a checkout has of it anybody may read, and such a private key is refused.
KEY = os.path.join(FOLDER, "v1.key")
os.makedirs(FOLDER, exist_ok=True)
shutil.copyfile(os.path.join(FILES, "v1.key"), KEY)
os.chmod(KEY, 0o600)


def run(*words, **more):
    return subprocess.run([PROGRAM, "xlog", *words], capture_output=True, text=True, timeout=120, **more)


def fresh(name):
    path = os.path.join(FOLDER, name)
    shutil.rmtree(path, ignore_errors=True)
    return path


def fresh_path(name):
    return os.path.join(FOLDER, name)


class Commands(unittest.TestCase):
    def compare(self, path):
        reader = subprocess.run([sys.executable, "-B", os.path.join(TOP, "sdk/examples/xlog_reader.py"), "--key", KEY, path],
                                capture_output=True, text=True, timeout=120)
        self.assertEqual(reader.returncode, 0, reader.stderr)
        theirs = [json.loads(line) for line in reader.stdout.splitlines()]
        ours = [json.loads(line) for line in run("cat", "--json", "--key", KEY, path).stdout.splitlines()]
        self.assertEqual(len(theirs), len(ours))
        self.assertGreater(len(ours), 0)
        for their, our in zip(theirs, ours):
            finished = their["text"] == "{}" and not their["file"]
            for name in ("time", "level", "thread", "plugin", "tag", "file", "line"):
                self.assertEqual(their[name], our[name])
            self.assertEqual(their["fields"], [our["text"]] if finished else list(our["fields"].values()))

    def test_the_python_reader_reads_what_we_read(self):
        self.compare(os.path.join(FILES, "v1_plain.tlog"))
        logs = fresh("plain")
        self.assertEqual(run("write", logs, "--threads", "3", "--lines", "2000").returncode, 0)
        for name in os.listdir(logs):
            self.compare(os.path.join(logs, name))
        try:
            import cryptography  # noqa: F401
        except ImportError:
            return
        self.compare(os.path.join(FILES, "v1_sealed.tlog"))

    def test_files_of_others_do_nothing_on_a_terminal(self):
        logs = fresh("others")
        os.makedirs(logs)
        for name in ("\x1b[2Jmade.xlog", "plain.xlog"):
            with open(os.path.join(logs, name), "w") as file:
                file.write('{"time":"2026-11-25T10:11:12.123456Z","level":"info","text":"good"}\n')
                file.write('{"time":"\\u001b]0;owned\\u0007\\u009b2J","level":"info","text":"bad"}\n')
        out = fresh_path("others.csv")
        if os.path.exists(out):
            os.remove(out)
        for words in (["cat"], ["tail"], ["grep", "good"], ["grep", "-c", "good"], ["stat"], ["verify"], ["export", "--to", "csv", "-o", out]):
            told = run(*words, logs)
            self.assertEqual(told.returncode, 2 if words[0] == "grep" else 1, words)
            self.assertIn("is no time like", told.stdout + told.stderr, words)
            self.assertIn("?[2Jmade.xlog", told.stdout + told.stderr, words)
            for harmful in "\x1b\x07\x9b":
                self.assertNotIn(harmful, told.stdout + told.stderr, words)

    def in_c(self, *words):
        return subprocess.run([C_READER, PLUGINS, *words], capture_output=True, text=True, errors="replace", timeout=120, env={**os.environ, "HOME": FOLDER})

    def test_a_host_in_c_reads_what_we_read(self):
        plain, sealed, logs = os.path.join(FILES, "v1_plain.tlog"), os.path.join(FILES, "v1_sealed.tlog"), fresh("for_c")
        self.assertEqual(run("write", logs, "--threads", "2", "--lines", "500").returncode, 0)
        for words in ([plain], [sealed, "--key", KEY], [logs], [plain, logs], [plain, "--level", "3"], [logs, "--where", "number > 490"]):
            ours = run("cat", "--json", *["warning" if word == "3" else word for word in words]).stdout.splitlines()
            theirs = self.in_c(*words)
            self.assertEqual((theirs.returncode, theirs.stderr), (0, ""))
            self.assertGreater(len(ours), 0)
            self.assertEqual(len(re.findall(r"^\d+\.\d{9} [VDIWEF] \d+ ", theirs.stdout, re.M)), len(ours))
        for line, one in zip(theirs.stdout.splitlines(), map(json.loads, ours)):
            self.assertIn(f' {one["level"][0].upper()} {one["thread"]} xlog {one["text"]}  at {one["file"]}:{one["line"]}', line)
            self.assertTrue(line.endswith(f'  thread={one["fields"]["thread"]}  number={one["fields"]["number"]}'), line)

    def test_a_host_in_c_is_told_what_is_missing(self):
        denied = self.in_c(os.path.join(FILES, "v1_sealed.tlog"))
        self.assertEqual((denied.returncode, denied.stdout), (1, ""))
        self.assertIn("sealed", denied.stderr)
        nowhere = self.in_c("/nowhere/at/all")
        self.assertEqual(nowhere.returncode, 2)
        self.assertIn("/nowhere/at/all", nowhere.stderr)
        with open(os.path.join(FILES, "v1_plain.tlog"), "rb") as file:
            content = bytearray(file.read())
        content[len(content) // 2] ^= 0x55
        wrong = os.path.join(FOLDER, "wrong.tlog")
        with open(wrong, "wb") as file:
            file.write(content)
        damaged = self.in_c(wrong)
        self.assertEqual(damaged.returncode, 1)
        self.assertRegex(damaged.stderr, r"wrong.tlog: byte \d+: ")
        self.assertGreater(damaged.stdout.count("\n"), 0)

    def test_lnav_understands_each_line(self):
        with open(os.path.join(TOP, "sdk/examples/xlog_lnav.json")) as file:
            formats = json.load(file)
        form = formats["tharsis_xlog"]
        pattern = re.compile(form["regex"]["line"]["pattern"].replace("(?<", "(?P<"))
        letters = {letter: level for level, letter in form["level"].items()}
        words = formats["tharsis_xlog_json"]["level"]
        text = run("cat", "--key", KEY, os.path.join(FILES, "v1_plain.tlog")).stdout.splitlines()
        objects = [json.loads(line) for line in run("cat", "--json", os.path.join(FILES, "v1_plain.tlog")).stdout.splitlines()]
        self.assertEqual(len(text), len(objects))
        for line, one in zip(text, objects):
            found = pattern.match(line)
            self.assertTrue(found, line)
            self.assertEqual(found["timestamp"], one["time"])
            self.assertEqual(words[letters[found["level"]]], one["level"])
            self.assertEqual(int(found["thread"]), one["thread"])
            self.assertEqual(found["plugin"], one["plugin"] or "-")
            self.assertEqual(found["tag"] or "", one["tag"])
            self.assertEqual(set(one), set(formats["tharsis_xlog_json"]["value"]))
        for sample in form["sample"]:
            self.assertTrue(pattern.match(sample["line"]))

    def test_a_pager_that_is_left_ends_it_quietly(self):
        logs = fresh("long")
        self.assertEqual(run("write", logs, "--lines", "200000").returncode, 0)
        words = [PROGRAM, "xlog", "cat", logs]
        with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as cat:
            self.assertTrue(cat.stdout.readline())
            cat.stdout.close()
            self.assertEqual(cat.stderr.read(), b"")
            cat.wait(timeout=60)
        self.assertNotIn("\x1b", run("cat", logs).stdout[:1000], "no colours in pipes")

    def test_a_key_is_found_where_it_was_typed(self):
        here = fresh("keys")
        os.makedirs(here)
        made = run("keygen", "me.key", cwd=here)
        self.assertEqual(made.returncode, 0, made.stderr)
        self.assertIn(f"to: [{here}/me.key.pub]", made.stdout)
        written = run("write", "logs/", "--lines", "10", "--set", "encrypt.to=[me.key.pub]", cwd=here)
        self.assertEqual(written.returncode, 0, written.stderr)
        self.assertEqual(run("cat", "--key", "me.key", "logs/", cwd=here).stdout.count("\n"), 10)

    def imported(self, name, *words):
        done = run("import", "-o", fresh(name) + "/", *words)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertNotIn("//", done.stdout)
        self.assertEqual(run("verify", fresh_path(name)).returncode, 0)
        return run("cat", fresh_path(name)).stdout

    def test_what_is_imported_is_what_there_was(self):
        plain, logs = os.path.join(FILES, "v1_plain.tlog"), fresh("to_import")
        text, lines = os.path.join(FOLDER, "plain.log"), os.path.join(FOLDER, "plain.jsonl")
        for path, form in ((text, "text"), (lines, "json")):
            if os.path.exists(path):
                os.remove(path)
            self.assertEqual(run("export", "--to", form, "-o", path, plain).returncode, 0)
        whole = run("cat", plain).stdout
        self.assertGreater(whole.count("\n"), 100)
        self.assertEqual(run("cat", text).stdout, whole)
        self.assertEqual(run("cat", lines).stdout, whole)
        self.assertEqual(self.imported("from_text", text), whole)
        self.assertEqual(self.imported("from_json", lines), whole)
        self.assertEqual(self.imported("from_log", plain), whole)
        self.assertEqual(run("cat", "--json", fresh_path("from_log")).stdout, run("cat", "--json", plain).stdout)
        self.assertEqual(self.imported("some", "--level", "error", lines), run("cat", "--level", "error", plain).stdout)
        self.assertEqual(run("write", logs, "--threads", "3", "--lines", "2000", "--set", "format=mars", "--set", "compress=zstd").returncode, 0)
        mars = self.imported("from_mars", logs)
        self.assertEqual(mars, run("cat", logs).stdout)
        self.assertEqual(mars.count("\n"), 6000)
        self.assertEqual(run("grep", "-c", "line 1 1999", fresh_path("from_mars")).stdout.strip(), "1")

    def test_what_cannot_be_imported_is_named(self):
        path, to = os.path.join(FOLDER, "half.log"), fresh("half")
        with open(path, "w") as file:
            file.write("2026-11-25T10:11:12.123456Z I 7 stn/dialer up\nnot a line\n2026-11-25T10:11:13.123456Z W 7 stn/dialer down\n")
        done = run("import", "-o", to, path)
        self.assertEqual(done.returncode, 1)
        self.assertIn("half.log: byte 46: no line of a log", done.stderr)
        self.assertEqual(run("cat", to).stdout.count("\n"), 2)
        self.assertEqual(sorted(os.listdir(to)), ["imported_20261125.tlog"])
        self.assertEqual(run("import", "-o", to, "--name", "my logs", path).returncode, 2)
        self.assertEqual(run("import", path).returncode, 2)
        with open(path, "w") as file:
            file.write("nothing of ours")
        self.assertIn("not a log file", run("import", "-o", to, path).stderr)

    def test_recover_says_what_it_brought(self):
        logs, acked = fresh("dead"), os.path.join(FOLDER, "acked")
        if os.path.exists(acked):
            os.remove(acked)
        words = [PROGRAM, "xlog", "write", logs, "--lines", "1000000", "--rate", "1000", "--acked", acked, "--set", "interval=1m"]
        with subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as writer:
            acknowledged = 0
            while acknowledged < 20:
                self.assertIsNone(writer.poll())
                if os.path.exists(acked):
                    with open(acked, "rb") as file:
                        acknowledged = int.from_bytes(file.read(8), "little")
            writer.kill()
        done = run("recover", logs)
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertRegex(done.stdout, r"the last lines of 1 dead process are in .*\.tlog")
        self.assertGreaterEqual(run("cat", logs).stdout.count("\n"), 20)
        self.assertIn("no dead process left lines here", run("recover", logs).stdout)
        nowhere = run("recover", os.path.join(FOLDER, "nowhere"))
        self.assertEqual(nowhere.returncode, 2)
        self.assertFalse(os.path.exists(os.path.join(FOLDER, "nowhere")))

    def on_a_terminal(self, *words):
        """What stands on stderr, which is a terminal."""
        ours, theirs = pty.openpty()
        env = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
        with subprocess.Popen([PROGRAM, "xlog", *words], stdout=subprocess.DEVNULL, stderr=theirs, env={**env, "TERM": "xterm"}) as process:
            os.close(theirs)
            said = b""
            try:
                while some := os.read(ours, 4096):
                    said += some
            except OSError:  # Nobody has the terminal any more.
                pass
            os.close(ours)
        self.assertEqual(process.returncode, 0)
        return said.decode()

    def test_long_work_tells_how_far_it_is_on_terminals_alone(self):
        logs, many = fresh("one"), fresh("many")
        self.assertEqual(run("write", logs, "--lines", "50000").returncode, 0)
        os.mkdir(many)
        path = os.path.join(logs, next(name for name in os.listdir(logs) if name.endswith(".tlog")))
        said = ""
        while not said:  # Until it is long on this machine.
            there = len(os.listdir(many))
            for number in range(there, 2 * there + 20):
                os.link(path, os.path.join(many, f"same-{number}_20261125.tlog"))
            said = self.on_a_terminal("stat", many)
        self.assertRegex(said, r"xlog stat: \d+ %, [\d.]+ of [\d.]+ [kMG]?B, [\d.]+ [kMG]?B/s, ")
        self.assertTrue(said.endswith("\r\x1b[K"), said[-80:])
        self.assertEqual(run("stat", many).stderr, "")

    def test_tail_follows_into_files_that_come(self):
        logs = fresh("followed")
        self.assertEqual(run("write", logs, "--lines", "5").returncode, 0)
        with subprocess.Popen([PROGRAM, "xlog", "tail", "-f", "-n", "2", logs], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as tail:
            self.assertEqual([tail.stdout.readline().split()[-1] for _ in range(2)], ["3", "4"])
            self.assertEqual(run("write", logs, "--lines", "3").returncode, 0)
            self.assertEqual([tail.stdout.readline().split()[-1] for _ in range(3)], ["0", "1", "2"])
            tail.terminate()
            self.assertEqual(tail.stdout.read(), "")
            self.assertEqual(tail.stderr.read(), "")

    def test_times_are_local_where_wanted(self):
        path = os.path.join(FILES, "v1_plain.tlog")
        utc, local = run("cat", path).stdout.splitlines(), run("cat", "--local", path, env={**os.environ, "TZ": "<+0530>-5:30"}).stdout.splitlines()
        self.assertEqual(len(utc), len(local))
        for one, other in zip(utc, local):
            first, second = one.split()[0], other.split()[0]
            self.assertTrue(first.endswith("Z") and second.endswith("+05:30"), other)
            self.assertEqual(datetime.fromisoformat(first.replace("Z", "+00:00")), datetime.fromisoformat(second))
            self.assertEqual(one.split(" ", 1)[1], other.split(" ", 1)[1])

    def test_a_file_that_is_being_written_is_not_damaged(self):
        logs = fresh("live")
        words = [PROGRAM, "xlog", "write", logs, "--lines", "1000000", "--rate", "10", "--set", "interval=0ms"]
        with subprocess.Popen(words, stdout=subprocess.DEVNULL) as writer:
            while not os.path.isdir(logs) or run("cat", logs).stdout.count("\n") < 2:
                self.assertIsNone(writer.poll())
            whole = run("verify", "--json", logs)
            self.assertEqual((whole.returncode, json.loads(whole.stdout)["open"]), (0, True), whole.stdout)
            self.assertIn("still being written", run("verify", logs).stdout)
            writer.kill()
        self.assertEqual(run("verify", logs).returncode, 1)

    def test_what_grep_and_verify_say_scripts_can_use(self):
        path = os.path.join(FILES, "v1_sealed.tlog")
        self.assertEqual(run("verify", path).returncode, 1, "it cannot be read without its key")
        self.assertIn("--key FILE", run("verify", path).stdout)
        whole = run("verify", "--key", KEY, "--json", path)
        self.assertEqual((whole.returncode, json.loads(whole.stdout)["damaged"]), (0, False), whole.stdout)
        self.assertEqual(run("grep", "only once: 15632\n", "--key", KEY, path).stdout.count("\n"), 1)
        self.assertEqual(run("grep", "only twice", "--key", KEY, path).returncode, 1)
        with open(path, "rb") as file:
            content = file.read()
        os.makedirs(FOLDER, exist_ok=True)
        cut = os.path.join(FOLDER, "cut.tlog")
        with open(cut, "wb") as file:
            file.write(content[:len(content) // 2])
        self.assertEqual(run("verify", "--key", KEY, cut).returncode, 1)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
