"""All that a desktop application does with Tharsis, one after the other. Its server, in another terminal:

    tharsis stn serve tcp://127.0.0.1:7000
    python3 tour.py tcp://127.0.0.1:7000
"""
import asyncio
import sys
import tempfile

import tharsis

ECHO, MESSAGE = 100, 3  # Commands of the demo's server: plugins/gateway/README.md.


def text_fields(*texts: str) -> bytes:
    """The server's messages are protobuf: texts with the numbers 1, 2, 3 ..."""
    return b"".join(bytes([number << 3 | 2, len(t.encode())]) + t.encode() for number, t in enumerate(texts, 1))


async def show(events: tharsis.Stream[tharsis.Event]) -> None:
    async for event in events:
        if event.topic == "stn.link":
            print(f"link {event.payload['link']} is {event.payload['state']} {event.payload['reason']}")
        elif event.topic == "sdt.verdict":
            print(f"verdict: {event.payload['headline']}. {event.payload['advice']}")


async def main(endpoint: str, state: str) -> None:
    link: dict[str, object] = {"stn.links.main.endpoints": [endpoint], "stn.links.main.user": "ann"}
    runtime = tharsis.Runtime(sets=link, state=state)  # The profile for desktop applications.
    follows = asyncio.create_task(show(runtime.events()))
    async with runtime:
        runtime.tell(foreground=True, account="ann")
        runtime.log.info("the tour begins")

        answer = await runtime.send(ECHO, b"hello", timeout=10)
        print(f"answer: {answer.body.decode()} after {answer.times['first_byte'] * 1000:.1f} ms")

        found = await runtime.resolve("localhost")
        print(f"localhost is {', '.join(map(str, found.addresses))} ({found.verdict})")

        # A second client says something; the server pushes it to the first one.
        with runtime.pushes() as pushes:
            friend: dict[str, object] = {**link, "stn.links.main.user": "ben"}
            async with tharsis.Runtime(sets=friend, state=f"{state}/ben") as other:
                await other.send(MESSAGE, text_fields("", "ben", "all", "good morning", "0"), timeout=10)
            print(f"push: {(await anext(pushes)).body!r}")

        try:
            await runtime.send(99, b"a command that this server does not know", timeout=0.5)
        except tharsis.Timeout as late:
            print(f"no answer: {late}")

        diagnosis = await runtime.diagnose(endpoint)
        print(f"diagnosis: {diagnosis} ({diagnosis.code}, {diagnosis.confidence}% sure)")

        done = next(m for m in runtime.metrics() if (m["plugin"], m["name"]) == ("stn", "tasks_done"))
        print(f"metrics: {done['value']} {done['help']}")
    await follows  # Ends with the runtime.
    print("stopped")


if __name__ == "__main__":
    server = sys.argv[1] if len(sys.argv) > 1 else "tcp://127.0.0.1:7000"
    with tempfile.TemporaryDirectory() as folder:
        try:
            asyncio.run(main(server, folder))
        except tharsis.Error as error:
            sys.exit(f"tour.py: {error}; its server: tharsis stn serve {server}")
