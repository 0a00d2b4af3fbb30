// What tharsis.d.ts takes from @types/node, for machines that do not have it.
declare class Buffer extends Uint8Array {
  toString(encoding?: string): string;
}
