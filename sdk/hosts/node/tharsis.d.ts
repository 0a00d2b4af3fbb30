/** Tharsis inside Node.js and Electron: see README.md. */

export type Level = 'verbose' | 'debug' | 'info' | 'warning' | 'error' | 'fatal';
export type StatusName =
  | 'OK' | 'INVALID' | 'BUSY' | 'TIMEOUT' | 'NETWORK' | 'CANCELLED' | 'PROTOCOL' | 'GONE' | 'DENIED' | 'UNSUPPORTED' | 'NOT_FOUND' | 'IO'
  | 'INTERNAL' | 'REFUSED' | 'RESET' | 'UNREACHABLE' | 'IN_USE' | 'UNTRUSTED' | 'FULL';
export const Status: Readonly<Record<StatusName, number>>;
/** Why a task ended, by the numbers of sdk/abi/stn.h. */
export const Why: readonly string[];
/** Wishes of a task: THARSIS_STN_SEND_ONLY ... of sdk/abi/stn.h. */
export const Flag: Readonly<Record<
  'SEND_ONLY' | 'SENSITIVE' | 'ANY_REPEATS' | 'ANY_FLOW' | 'PARK' | 'LONG_POLL' | 'FAST' | 'DURABLE' | 'IMPATIENT', number>>;
/** Over which kinds of links of a name a task may go. */
export const Channel: Readonly<Record<'LONG' | 'SHORT' | 'MINOR', number>>;
/** How much a diagnosis may send. */
export const Depth: Readonly<Record<'PASSIVE' | 'LIGHT' | 'MEDIUM' | 'HEAVY', number>>;
/** The path of the profile for desktop applications. */
export const desktopProfile: string;
/** Of libtharsis. */
export const version: string;

export interface Options {
  /** A file's name; without it and `text`: the profile for desktop applications. What is not of the type is a TypeError, and so is another name. */
  profile?: string;
  /** The profile itself. */
  text?: string;
  /** Settings by their full name, stronger than the profile: { 'stn.tasks.timeout': '5s' } or ['stn.tasks.timeout=5s']. */
  sets?: Record<string, unknown> | readonly string[];
  /** More folders with plugins. */
  plugins?: readonly string[];
  /** Where plugins keep files; without it the user's data folder. */
  state?: string;
}

/** Milliseconds each. */
export interface Times {
  queued: number;
  resolve: number;
  connect: number;
  tls: number;
  prove: number;
  firstByte: number;
  rest: number;
  lost: number;
}

export interface TaskEnd {
  body: Buffer;
  /** A name of `Why`. */
  why: string;
  /** One sentence; empty when all is well. */
  reason: string;
  /** How often it went to the wire. */
  sends: number;
  connection: number;
  httpStatus: number;
  times: Times;
}

export interface Wishes {
  /** Which link of the profile, or which group; 'main' without one. */
  link?: string;
  /** Milliseconds in all, also those in which nobody provides stn; without it the profile's. */
  timeout?: number;
  /** Names the work: with one the task is sent again when its connection dies, and the server does it once. */
  key?: string | Uint8Array;
  priority?: number;
  retries?: number;
  flags?: number;
  user?: string;
  /** Tasks of one link with the same number are sent one after the other; up to 2^64. */
  order?: number | bigint;
  channels?: number;
  path?: string;
  headers?: Record<string, string>;
  host?: string;
  /** Aborting withdraws the task. */
  signal?: AbortSignal;
}

/** What is broken, where, how surely, and what to do; plugins/sdt/README.md has the codes. */
export interface Diagnosis {
  /** OK, or of `Status` why it ended before its end. */
  status: number;
  target: string;
  code: string;
  blame: string;
  certainty: 'proven' | 'likely' | 'possible';
  confidence: number;
  /** For a person. */
  sentence: string;
  /** For an engineer. */
  detail: string;
  /** For a program; may be empty. */
  action: string;
  /** Milliseconds. */
  took: number;
  bytes: number;
  /** All of it, as `tharsis sdt diagnose --json` prints it. */
  report: Record<string, any>;
}

/** Of the bus. Durations are in ns, bytes hexadecimal digits; numbers above 2^53 lose digits. */
export interface Event {
  topic: string;
  sequence: number;
  wall: number;
  snapshot: boolean;
  payload: Record<string, any>;
}

export interface Push {
  link: string;
  command: number;
  body: Buffer;
}

export interface Inputs {
  foreground?: boolean;
  metered?: boolean;
  type?: 'none' | 'wired' | 'wifi' | 'cellular' | 'other';
  network?: string;
  account?: string;
  proxy?: string;
  device?: string;
}

export interface PluginReport {
  id: string;
  state: string;
  since: number;
  reason: string;
  stuck: boolean;
  retry: number;
  leaks: string[];
}

export interface Metric {
  plugin: string;
  name: string;
  kind: 'counter' | 'gauge' | 'histogram';
  unit: string;
  help: string;
  value?: number;
  count?: number;
  sum?: number;
  mean?: number;
  p50?: number;
  p95?: number;
  p99?: number;
  at_most?: number;
}

/** `message` is the runtime's own sentence. */
export class TharsisError extends Error {
  readonly code: StatusName;
  readonly status: number;
  /** Of a task that failed. */
  readonly task?: TaskEnd;
  /** All that is wrong with a profile, with line, column and the nearest valid key. */
  readonly problems?: string;
}

export class Stream<T> implements AsyncIterableIterator<T> {
  private constructor();
  /** Lost because nobody took them in time. */
  readonly dropped: number;
  next(): Promise<IteratorResult<T>>;
  return(): Promise<IteratorResult<T>>;
  [Symbol.asyncIterator](): this;
  close(): void;
}

export class Runtime {
  constructor(options?: Options);
  start(): Promise<this>;
  stop(milliseconds?: number): Promise<void>;
  /** Everything that is under way ends first; called again it waits for the same end. Afterwards all else is an error with the code GONE. */
  close(): Promise<void>;
  send(command: number, body?: string | Uint8Array, wishes?: Wishes): Promise<TaskEnd>;
  resolve(name: string, options?: { family?: 0 | 4 | 6; signal?: AbortSignal }): Promise<{ addresses: string[]; verdict: string }>;
  diagnose(target?: string, options?: { depth?: number; timeout?: number; signal?: AbortSignal }): Promise<Diagnosis>;
  events(pattern?: string, options?: { depth?: number }): Stream<Event>;
  pushes(options?: { depth?: number }): Stream<Push>;
  on(pattern: string, told: (event: Event) => void): Stream<Event>;
  tell(inputs: Inputs): void;
  log(level: Level, text: string): void;
  /** `sets` are laid over those from before. */
  reload(changes?: Pick<Options, 'profile' | 'text' | 'sets'>): Promise<{ difference: string }>;
  report(): { state: string; plugins: PluginReport[] };
  metrics(): Metric[];
}
