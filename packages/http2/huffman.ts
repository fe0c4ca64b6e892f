import { compressionError } from "./errors.ts";

/** Length in bits of each byte's code, by byte. @see https://www.rfc-editor.org/rfc/rfc7541#appendix-B */
// biome-ignore format: a table
const codeLengths = [
  13, 23, 28, 28, 28, 28, 28, 28, 28, 24, 30, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 30, 28, 28, 28, 28, 28, 28, 28, 28, 28,
  6, 10, 10, 12, 13, 6, 8, 11, 10, 10, 8, 11, 8, 6, 6, 6, 5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 7, 8, 15, 6, 12, 10,
  13, 6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 8, 13, 19, 13, 14, 6,
  15, 5, 6, 5, 6, 5, 6, 6, 6, 5, 7, 7, 6, 6, 6, 5, 6, 7, 6, 5, 5, 6, 7, 7, 7, 7, 7, 15, 11, 14, 13, 28,
  20, 22, 20, 20, 22, 22, 22, 23, 22, 23, 23, 23, 23, 23, 24, 23, 24, 24, 22, 23, 24, 23, 23, 23, 23, 21, 22, 23, 22, 23, 23, 24,
  22, 21, 20, 22, 22, 23, 23, 21, 23, 22, 22, 24, 21, 22, 23, 23, 21, 21, 22, 21, 23, 22, 23, 23, 20, 22, 22, 22, 23, 22, 22, 23,
  26, 26, 20, 19, 22, 23, 22, 25, 26, 26, 26, 27, 27, 26, 24, 25, 19, 21, 26, 27, 27, 26, 27, 24, 21, 21, 26, 26, 28, 27, 27, 27,
  20, 24, 20, 21, 22, 21, 21, 23, 22, 22, 25, 25, 24, 24, 26, 23, 26, 27, 26, 26, 27, 27, 27, 27, 27, 28, 27, 27, 27, 27, 27, 26,
];
const maxCodeLength = 30;

/**
 * The code as an automaton that reads four bits at a time. A state is a node of the code's tree;
 * state 0 is its root. Each transition is `next state << 9 | emits << 8 | byte`, or `failure`: four
 * bits end at most one code, since the shortest has five.
 */
const failure = -1;
/** Marks the end of a code in the tree, less the byte. */
const leaf = -1;
const children: readonly number[] = buildTree();
const transitions: Int32Array = buildTransitions();
/** Whether a string may end in a state: at the root, or after fewer than eight bits that are all 1. */
const canEnd: Uint8Array = buildEnds();

/** Children of each node: a node's number, or `leaf - byte` for the end of a byte's code. */
function buildTree(): number[] {
  const tree: number[] = [0, 0];
  let code = 0;
  for (let length = 1; length <= maxCodeLength; length++) {
    code *= 2;
    for (let byte = 0; byte < 256; byte++) {
      if (codeLengths[byte] === length) {
        let node = 0;
        for (let bit = length - 1; bit > 0; bit--) {
          const at = 2 * node + (Math.floor(code / 2 ** bit) % 2);
          if (tree[at] === 0) {
            tree[at] = tree.length / 2;
            tree.push(0, 0);
          }
          node = tree[at] ?? 0;
        }
        tree[2 * node + (code % 2)] = leaf - byte;
        code++;
      }
    }
  }
  return tree;
}

function buildTransitions(): Int32Array {
  const table = new Int32Array((children.length / 2) * 16);
  for (let at = 0; at < table.length; at++) {
    let node = at >> 4;
    let emitted = 0;
    for (let bit = 3; bit >= 0 && node !== failure; bit--) {
      const child = children[2 * node + ((at >> bit) & 1)] ?? 0;
      if (child < 0) {
        emitted = 0x100 | (leaf - child);
        node = 0;
      } else {
        // 0 is a place where the tree has nothing: the code for the end, which is never sent.
        node = child === 0 ? failure : child;
      }
    }
    table[at] = node === failure ? failure : (node << 9) | emitted;
  }
  return table;
}

function buildEnds(): Uint8Array {
  const table = new Uint8Array(children.length / 2);
  table[0] = 1;
  let node = 0;
  for (let bits = 1; bits <= 7; bits++) {
    node = children[2 * node + 1] ?? 0;
    table[node] = 1;
  }
  return table;
}

const invalid = "an invalid Huffman code";
/** Grows to the longest string decoded so far, which the limit on header bytes bounds. */
let scratch = Buffer.allocUnsafeSlow(1_024);

/** @throws ConnectionError when it is not of this code */
export function decodeHuffman(bytes: Uint8Array, start: number, end: number): string {
  if ((end - start) * 2 > scratch.length) {
    scratch = Buffer.allocUnsafeSlow((end - start) * 2);
  }
  let size = 0;
  let state = 0;
  for (let at = start; at < end; at++) {
    const octet = bytes[at] ?? 0;
    const first = transitions[(state << 4) | (octet >> 4)] ?? failure;
    if (first === failure) {
      throw compressionError(invalid);
    }
    if (first & 0x100) {
      scratch[size++] = first & 0xff;
    }
    const second = transitions[((first >> 9) << 4) | (octet & 15)] ?? failure;
    if (second === failure) {
      throw compressionError(invalid);
    }
    if (second & 0x100) {
      scratch[size++] = second & 0xff;
    }
    state = second >> 9;
  }
  if (canEnd[state] !== 1) {
    throw compressionError(invalid);
  }
  return scratch.toString("latin1", 0, size);
}
