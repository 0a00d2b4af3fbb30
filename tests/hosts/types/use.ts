// Goal: an application in TypeScript finds what tharsis.d.ts promises, and is told of what it does wrong. Only compiled.
import { Channel, Depth, Flag, Runtime, Status, Stream, TharsisError, desktopProfile, version } from 'tharsis';
import type { Diagnosis, Event, Push, TaskEnd } from 'tharsis';

async function use(signal: AbortSignal): Promise<void> {
  const runtime: Runtime = await new Runtime({ profile: desktopProfile, sets: { 'stn.tasks.timeout': '5s' }, state: '/tmp/x' }).start();
  const answer: TaskEnd = await runtime.send(3, 'hello', { timeout: 5000, key: 'k', signal, flags: Flag.FAST, channels: Channel.LONG | Channel.SHORT, order: 2n ** 40n });
  const words: string = answer.body.toString() + answer.times.firstByte.toFixed(1) + version;
  const events: Stream<Event> = runtime.events('stn.*', { depth: 8 });
  for await (const { topic, payload } of events) if (topic === 'stn.link') runtime.log('info', `${payload.link} ${words}`);
  for await (const push of runtime.pushes()) take(push);
  const found: string[] = (await runtime.resolve('localhost', { family: 4 })).addresses;
  const what: Diagnosis = await runtime.diagnose(found[0], { depth: Depth.LIGHT });
  if (what.status < Status.OK) throw new Error(what.sentence);
  const sure: 'proven' | 'likely' | 'possible' = what.certainty;
  runtime.tell({ foreground: sure === 'proven', type: 'wifi', account: 'ann' });
  await runtime.reload({ sets: ['stn.tasks.timeout=5s'] });
  try {
    await runtime.close();
  } catch (error) {
    if (error instanceof TharsisError && error.code === 'TIMEOUT' && error.status === Status.TIMEOUT) throw error.task?.reason;
  }
}

function take(push: Push): number {
  return push.command + push.body.length;
}

function wrong(runtime: Runtime): void {
  // @ts-expect-error A command is a number.
  void runtime.send('3', 'hello');
  // @ts-expect-error There is no such level.
  runtime.log('loud', 'hello');
  // @ts-expect-error There is no such kind of network.
  runtime.tell({ type: 'pigeon' });
  // @ts-expect-error What has an answer is waited for.
  const answer: TaskEnd = runtime.send(3);
  // @ts-expect-error A stream is the runtime's to make.
  new Stream<Event>();
  void answer;
}

void use;
void wrong;
