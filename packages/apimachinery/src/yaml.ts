import {
  boolYaml11Tag,
  defineScalarTag,
  FAILSAFE_SCHEMA,
  loadAll,
  mergeTag,
  NOT_RESOLVED,
  nullCoreTag,
  Schema,
  YAMLException,
} from 'js-yaml';

import type { JsonValue } from './scalars.ts';
import { describeYamlProblem } from './yaml-problems.ts';

/**
 * YAML as Kubernetes reads it: YAML 1.1 booleans, Go's integers, no timestamps, and keys that are strings.
 *
 * Mirrors: sigs.k8s.io/yaml over its copy of go-yaml v2 (v1.36)
 * Differs: messages about syntax are the parser's own, except for the most frequent ones.
 */
export interface YamlOptions {
  /** A key that a mapping has twice is an error; otherwise the last one counts. */
  readonly strict?: boolean;
}

/** Text that is not YAML, or cannot be JSON. */
export class YamlError extends Error {
  override readonly name = 'YamlError';
}

const DEPTH_MAX = 1000;
/** How many values a document may have once its aliases are written out. */
const ALIASED_NODES_MAX = 400_000;

/** The first document; an empty text is null. Throws YamlError. */
export function parseYaml(text: string, options: YamlOptions = {}): JsonValue {
  return loadDocuments(text, options)[0] ?? null;
}

/** All documents that are not empty. Throws YamlError. */
export function parseYamlDocuments(text: string, options: YamlOptions = {}): JsonValue[] {
  return loadDocuments(text, options).filter((document) => document !== null);
}

function loadDocuments(text: string, options: YamlOptions): JsonValue[] {
  let documents: unknown[];
  try {
    documents = loadAll(text, { schema: SCHEMA, json: options.strict !== true, maxDepth: DEPTH_MAX });
  } catch (error) {
    const first = firstInFlow(text, error);
    if (first !== undefined) return loadDocuments(first, options);
    throw yamlError(error);
  }
  const budget = { nodes: ALIASED_NODES_MAX };
  const limited = text.includes('&');
  return documents.map((document) => {
    const value = (document ?? null) as JsonValue;
    return limited ? unaliased(value, budget, 0) : value;
  });
}

/** Nobody looks at what comes behind a document in flow style. */
function firstInFlow(text: string, error: unknown): string | undefined {
  if (!(error instanceof YAMLException) || !error.mark || !/document separator is expected/.test(error.reason))
    return undefined;
  const { position } = error.mark;
  return position > 0 && /^\s*[{[]/.test(text) ? text.slice(0, position) : undefined;
}

const DIGITS = Array.from({ length: 10 }, (_, digit) => String(digit));

const intTag = defineScalarTag<number>('tag:yaml.org,2002:int', {
  implicit: true,
  implicitFirstChars: ['-', '+', ...DIGITS],
  resolve: (source) => resolveInteger(source) ?? NOT_RESOLVED,
  identify: (value) => Number.isInteger(value),
});

const floatTag = defineScalarTag<number>('tag:yaml.org,2002:float', {
  implicit: true,
  implicitFirstChars: ['-', '+', '.', ...DIGITS],
  resolve: (source) => resolveFloat(source) ?? NOT_RESOLVED,
  identify: (value) => typeof value === 'number',
});

const SCHEMA = new Schema([...FAILSAFE_SCHEMA.tags, nullCoreTag, boolYaml11Tag, intTag, floatTag, mergeTag]);

/** What Go's ParseInt with base 0 accepts after underscores are dropped. */
function resolveInteger(source: string): number | undefined {
  const plain = source.replaceAll('_', '');
  const match = /^([+-]?)(?:0[xX]([0-9a-fA-F]+)|0[bB]([01]+)|0[oO]?([0-7]+)|(0|[1-9][0-9]*))$/.exec(plain);
  if (!match) return undefined;
  const [, sign, hexadecimal, binary, octal, decimal] = match;
  const magnitude =
    hexadecimal !== undefined
      ? Number.parseInt(hexadecimal, 16)
      : binary !== undefined
        ? Number.parseInt(binary, 2)
        : octal !== undefined
          ? Number.parseInt(octal, 8)
          : Number(decimal);
  return sign === '-' && magnitude !== 0 ? -magnitude : magnitude;
}

function resolveFloat(source: string): number | undefined {
  const plain = source.replaceAll('_', '');
  if (/^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/.test(plain)) return Number(plain);
  if (/^[-+]?\.(?:inf|Inf|INF)$/.test(source)) throw new YamlError('json: unsupported value: Inf');
  if (/^\.(?:nan|NaN|NAN)$/.test(source)) throw new YamlError('json: unsupported value: NaN');
  return undefined;
}

/** Writes aliases out, so that nobody walks a shared value more often than the budget allows. */
function unaliased(value: JsonValue, budget: { nodes: number }, depth: number): JsonValue {
  if (--budget.nodes < 0 || depth > DEPTH_MAX) throw new YamlError('yaml: document contains excessive aliasing');
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return (value as readonly JsonValue[]).map((item) => unaliased(item, budget, depth + 1));
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, unaliased(item, budget, depth + 1)]));
}

function yamlError(error: unknown): unknown {
  if (!(error instanceof YAMLException)) return error;
  const line = error.mark ? error.mark.line + 1 : 0;
  const anchor = /unidentified alias "?([^"]*)"?/.exec(error.reason);
  if (anchor) return new YamlError(`yaml: unknown anchor '${anchor[1]}' referenced`);
  if (/duplicated mapping key/.test(error.reason)) {
    const key = error.mark ? keyAt(error.mark.buffer, error.mark.position) : '';
    return new YamlError(`yaml: unmarshal errors:\n  line ${line}: key ${JSON.stringify(key)} already set in map`);
  }
  const { buffer = '', position = 0 } = error.mark ?? {};
  // The reader ends every text with a NUL of its own.
  const text = buffer.replace(/\0+$/, '');
  return new YamlError(
    `yaml: ${describeYamlProblem({ reason: error.reason, text, position, line: Math.max(0, line - 1) })}`,
  );
}

/** The mapping key that starts at a position of the source, which is behind the quote of a quoted key. */
function keyAt(source: string, position: number): string {
  const quote = source[position - 1] ?? '';
  if (quote === '"' || quote === "'") return source.slice(position, source.indexOf(quote, position));
  const text = /^(?:"([^"]*)"|'([^']*)'|([^:\n]*))/.exec(source.slice(position));
  return (text?.[1] ?? text?.[2] ?? text?.[3] ?? '').trim();
}
