import { deepCopy, deepEqual } from './deep-equal.ts';
import type { JsonValue } from './scalars.ts';
import { inWrittenOrder } from './written-order.ts';

/**
 * JSON patch (RFC 6902) as the API server applies it: with the library's own extensions (negative indices, `replace`
 * and `copy` of members that do not exist) and its messages.
 *
 * Mirrors: gopkg.in/evanphx/json-patch.v4 and staging/src/k8s.io/apiserver/pkg/endpoints/handlers/patch.go (v1.36)
 * Differs: `test` compares numbers and strings by value, not by how they are written.
 */
export const JSON_PATCH_OPERATIONS_MAX = 10_000;
/** How much all `copy` operations of a patch may add to a document, in bytes of JSON. */
export const JSON_PATCH_COPY_BYTES_MAX = 3 * 1024 * 1024;

export interface JsonPatchOperation {
  readonly op?: unknown;
  readonly path?: unknown;
  readonly from?: unknown;
  readonly value?: JsonValue;
}

/**
 * `malformed`: the patch is no patch; `tooLarge`: it breaks a limit; `inapplicable`: it does not fit the document;
 * `unmergeable`: a strategic merge patch that does not fit, which upstream answers with code 500 and the message.
 */
export class PatchError extends Error {
  override readonly name = 'PatchError';
  readonly kind: 'malformed' | 'tooLarge' | 'inapplicable' | 'unmergeable';

  constructor(kind: PatchError['kind'], message: string) {
    super(message);
    this.kind = kind;
  }
}

/** What a strict decoder has to say about a patch: members that no operation has, such as `json patch unknown field "[0].foo"`. */
export interface DecodedJsonPatch {
  readonly operations: readonly JsonPatchOperation[];
  readonly unknown: readonly string[];
}

/** Throws PatchError (`malformed`, `tooLarge`). `strict` also checks the types of op, path and from. */
export function decodeJsonPatch(patch: JsonValue, strict: boolean): DecodedJsonPatch {
  if (patch === null) return { operations: [], unknown: [] };
  if (!Array.isArray(patch)) throw malformed(patch, strict ? '[]handlers.jsonPatchOp' : 'jsonpatch.Patch', strict);
  const unknown: string[] = [];
  for (const [index, operation] of (patch as readonly JsonValue[]).entries()) {
    if (operation === null) continue;
    if (typeof operation !== 'object' || Array.isArray(operation)) {
      throw malformed(operation, strict ? 'handlers.jsonPatchOp' : 'jsonpatch.Operation', strict);
    }
    if (strict) unknown.push(...checkMembers(operation as Readonly<Record<string, JsonValue>>, index));
  }
  if (patch.length > JSON_PATCH_OPERATIONS_MAX) {
    throw new PatchError(
      'tooLarge',
      `The allowed maximum operations in a JSON patch is ${JSON_PATCH_OPERATIONS_MAX}, got ${patch.length}`,
    );
  }
  return { operations: patch.map((operation: JsonPatchOperation | null) => operation ?? {}), unknown };
}

/**
 * The document after all operations; the original is not touched. `opened` takes the containers that the patch looked
 * into (see `inWrittenOrder`). Throws PatchError (`inapplicable`).
 */
export function applyJsonPatch(
  document: JsonValue,
  operations: readonly JsonPatchOperation[],
  opened = new Set<object>(),
): JsonValue {
  const run: Run = { root: deepCopy(document) as Node, copiedBytes: 0, opened };
  if (typeof run.root === 'object' && run.root !== null) opened.add(run.root);
  for (const operation of operations) applyOperation(run, operation);
  return run.root as JsonValue;
}

type Node = Container | string | number | boolean | null;
type Container = ObjectNode | Node[];
interface ObjectNode {
  [key: string]: Node;
}

interface Run {
  root: Node;
  copiedBytes: number;
  readonly opened: Set<object>;
}

const MISSING = 'missing value';

function applyOperation(run: Run, operation: JsonPatchOperation): void {
  switch (operation.op) {
    case 'add':
      return add(run, operation);
    case 'remove':
      return remove(run, operation);
    case 'replace':
      return replace(run, operation);
    case 'move':
      return move(run, operation);
    case 'copy':
      return copy(run, operation);
    case 'test':
      return test(run, operation);
    default:
      throw inapplicable(`Unexpected kind: ${typeof operation.op === 'string' ? operation.op : 'unknown'}`);
  }
}

function add(run: Run, operation: JsonPatchOperation): void {
  const path = member(operation, 'path');
  if (path === undefined) throw inapplicable(`add operation failed to decode path: ${MISSING}`);
  const target = find(run, path);
  if (!target) throw inapplicable(`add operation does not apply: doc is missing path: "${path}": ${MISSING}`);
  within(`error in add for path: '${path}'`, () => insert(target, valueOf(operation)));
}

function remove(run: Run, operation: JsonPatchOperation): void {
  const path = member(operation, 'path');
  if (path === undefined) throw inapplicable(`remove operation failed to decode path: ${MISSING}`);
  const target = find(run, path);
  if (!target) throw inapplicable(`remove operation does not apply: doc is missing path: "${path}": ${MISSING}`);
  within(`error in remove for path: '${path}'`, () => take(target));
}

function replace(run: Run, operation: JsonPatchOperation): void {
  const path = pathOf(operation, 'replace');
  if (path === '') {
    const value = valueOf(operation);
    if (typeof value !== 'object' || value === null) {
      throw inapplicable('replace operation value must be object or array: %!w(<nil>)');
    }
    run.root = value;
    return;
  }
  const target = find(run, path);
  if (!target) throw inapplicable(`replace operation does not apply: doc is missing path: ${path}: ${MISSING}`);
  const { container, key } = target;
  if (!Array.isArray(container)) {
    setMember(container, key, valueOf(operation));
    return;
  }
  const index = elementIndex(container, key);
  if (typeof index === 'string') {
    throw inapplicable(`replace operation does not apply: doc is missing key: ${path}: ${MISSING}`);
  }
  container[index] = valueOf(operation);
}

function move(run: Run, operation: JsonPatchOperation): void {
  const from = fromOf(operation, 'move');
  const source = find(run, from);
  if (!source) throw inapplicable(`move operation does not apply: doc is missing from path: ${from}: ${MISSING}`);
  const value = within(`error in move for path: '${source.key}'`, () => {
    const found = read(source);
    take(source);
    return found;
  });
  const path = pathOf(operation, 'move');
  const target = find(run, path);
  if (!target) {
    throw inapplicable(`move operation does not apply: doc is missing destination path: ${path}: ${MISSING}`);
  }
  within(`error in move for path: '${path}'`, () => insert(target, value ?? null));
}

function copy(run: Run, operation: JsonPatchOperation): void {
  const from = fromOf(operation, 'copy');
  const source = find(run, from);
  if (!source) throw inapplicable(`copy operation does not apply: doc is missing from path: ${from}: ${MISSING}`);
  const value = within(`error in copy for from: '${from}'`, () => read(source));
  const path = member(operation, 'path');
  if (path === undefined) throw inapplicable(`copy operation failed to decode path: ${MISSING}`);
  const target = find(run, path);
  if (!target) {
    throw inapplicable(`copy operation does not apply: doc is missing destination path: ${path}: ${MISSING}`);
  }
  run.copiedBytes += value === undefined ? 0 : Buffer.byteLength(JSON.stringify(value));
  if (run.copiedBytes > JSON_PATCH_COPY_BYTES_MAX) {
    throw inapplicable(
      `Unable to complete the copy, the accumulated size increase of copy is ${run.copiedBytes}, exceeding the limit ${JSON_PATCH_COPY_BYTES_MAX}`,
    );
  }
  within('error while adding value during copy', () =>
    insert(target, deepCopy(inWrittenOrder((value ?? null) as JsonValue, run.opened)) as Node),
  );
}

function test(run: Run, operation: JsonPatchOperation): void {
  const path = pathOf(operation, 'test');
  let actual: Node | undefined = run.root;
  if (path !== '') {
    const target = find(run, path);
    if (!target) throw inapplicable(`test operation does not apply: is missing path: ${path}: ${MISSING}`);
    actual = within(`error in test for path: '${path}'`, () => read(target));
  }
  openAll(run, actual);
  if (!deepEqual(actual ?? null, operation.value ?? null)) {
    throw inapplicable(`testing value ${path} failed: test failed`);
  }
}

function openAll(run: Run, node: Node | undefined): void {
  if (typeof node !== 'object' || node === null) return;
  run.opened.add(node);
  for (const member of Object.values<Node>(node as ObjectNode)) openAll(run, member);
}

/** Where a path points: a member (there or not) of a container that is there. */
interface Target {
  readonly container: Container;
  readonly key: string;
}

function find({ root, opened }: Run, path: string): Target | undefined {
  const segments = path.split('/').map(decodeSegment);
  if (segments.length < 2 || typeof root !== 'object' || root === null) return undefined;
  let container: Container = root;
  for (const segment of segments.slice(1, -1)) {
    const index: number | string = Array.isArray(container) ? elementIndex(container, segment) : 0;
    if (typeof index === 'string') return undefined;
    const next: Node | undefined = Array.isArray(container) ? container[index] : ownMember(container, segment);
    if (typeof next !== 'object' || next === null) return undefined;
    container = next;
    opened.add(container);
  }
  return { container, key: segments.at(-1)! };
}

function read({ container, key }: Target): Node | undefined {
  if (!Array.isArray(container)) return ownMember(container, key);
  const index = elementIndex(container, key);
  if (typeof index === 'string') throw inapplicable(index);
  return container[index];
}

function take({ container, key }: Target): void {
  if (Array.isArray(container)) {
    const index = elementIndex(container, key);
    if (typeof index === 'string') throw inapplicable(index);
    container.splice(index, 1);
  } else {
    if (!Object.hasOwn(container, key)) throw inapplicable(`Unable to remove nonexistent key: ${key}: ${MISSING}`);
    delete container[key];
  }
}

function insert({ container, key }: Target, value: Node): void {
  if (!Array.isArray(container)) return setMember(container, key, value);
  if (key === '-') {
    container.push(value);
    return;
  }
  const index = parseIndex(key);
  if (typeof index === 'string') throw inapplicable(`value was not a proper array index: '${key}': ${index}`);
  const size = container.length + 1;
  if (index >= size || index < -size) throw inapplicable(indexMessage(index));
  container.splice(index < 0 ? index + size : index, 0, value);
}

/** The position of an element that exists, or what is wrong with the index. */
function elementIndex(list: readonly Node[], key: string): number | string {
  const index = parseIndex(key);
  if (typeof index === 'string') return index;
  if (index >= list.length || index < -list.length) return indexMessage(index);
  return index < 0 ? index + list.length : index;
}

/** Go's Atoi: a number, or its complaint. */
function parseIndex(key: string): number | string {
  if (!/^[+-]?[0-9]+$/.test(key)) return `strconv.Atoi: parsing ${JSON.stringify(key)}: invalid syntax`;
  const index = Number(key);
  return Number.isSafeInteger(index) ? index : `strconv.Atoi: parsing ${JSON.stringify(key)}: value out of range`;
}

function indexMessage(index: number): string {
  return `Unable to access invalid index: ${index}: invalid index referenced`;
}

function decodeSegment(segment: string): string {
  return segment.includes('~') ? segment.replace(/~[01]/g, (escape) => (escape === '~1' ? '/' : '~')) : segment;
}

function ownMember(container: ObjectNode, key: string): Node | undefined {
  return Object.hasOwn(container, key) ? container[key] : undefined;
}

function setMember(container: ObjectNode, key: string, value: Node): void {
  if (key === '__proto__') Object.defineProperty(container, key, { value, enumerable: true, configurable: true });
  else container[key] = value;
}

function member(operation: JsonPatchOperation, name: 'path' | 'from'): string | undefined {
  const value = operation[name];
  return typeof value === 'string' ? value : undefined;
}

function pathOf(operation: JsonPatchOperation, kind: string): string {
  const path = member(operation, 'path');
  if (path === undefined) {
    throw inapplicable(`${kind} operation failed to decode path: operation missing path field: ${MISSING}`);
  }
  return path;
}

function fromOf(operation: JsonPatchOperation, kind: string): string {
  const from = member(operation, 'from');
  if (from === undefined) {
    throw inapplicable(`${kind} operation failed to decode from: operation, missing from field: ${MISSING}`);
  }
  return from;
}

function valueOf(operation: JsonPatchOperation): Node {
  return deepCopy(operation.value ?? null) as Node;
}

function within<T>(prefix: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    throw error instanceof PatchError ? inapplicable(`${prefix}: ${error.message}`) : error;
  }
}

function inapplicable(message: string): PatchError {
  return new PatchError('inapplicable', message);
}

const MEMBERS: ReadonlySet<string> = new Set(['op', 'path', 'from', 'value']);

function checkMembers(operation: Readonly<Record<string, JsonValue>>, index: number): string[] {
  for (const name of ['op', 'path', 'from']) {
    const value = operation[name] ?? null;
    if (value !== null && typeof value !== 'string') {
      throw new PatchError(
        'malformed',
        `error decoding patch: json: cannot unmarshal ${goTypeName(value)} into Go struct field jsonPatchOp.${name} of type string`,
      );
    }
  }
  return Object.keys(operation)
    .filter((name) => !MEMBERS.has(name))
    .map((name) => `json patch unknown field "[${index}].${name}"`);
}

function malformed(value: JsonValue, goType: string, strict: boolean): PatchError {
  const prefix = strict ? 'error decoding patch: ' : '';
  return new PatchError(
    'malformed',
    `${prefix}json: cannot unmarshal ${goTypeName(value)} into Go value of type ${goType}`,
  );
}

/** How Go's JSON decoder names what it found. */
export function goTypeName(value: unknown): string {
  if (Array.isArray(value)) return 'array';
  return typeof value === 'boolean' ? 'bool' : typeof value;
}
