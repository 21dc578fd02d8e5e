import { durationToMs, parseJsonStrict, parseYaml, type JsonObject, type JsonValue } from '@kts/apimachinery';

import {
  API_VERSION,
  completeConfiguration,
  EMPTY_CONFIGURATION,
  KIND,
  type ProxyConfiguration,
} from './proxy-configuration.ts';

export interface ParsedConfiguration {
  readonly configuration: ProxyConfiguration;
  /** Fields that nobody knows, or that stand there twice: they make no difference. */
  readonly warnings: readonly string[];
}

const FREE_FORM: ReadonlySet<string> = new Set(['featureGates', 'logging']);
const DURATION = /(?:Period|Timeout)$/;

/** A file of `--config`, YAML or JSON, with its defaults. Throws if it is no KubeProxyConfiguration. */
export function parseConfiguration(text: string): ParsedConfiguration {
  const { value, duplicates } = text.trimStart().startsWith('{')
    ? parseJsonStrict(text)
    : { value: parseYaml(text), duplicates: [] };
  if (!isObject(value)) throw new Error('it is not an object');
  const { apiVersion = '', kind = '' } = value;
  if (apiVersion !== API_VERSION || kind !== KIND) {
    throw new Error(`no kind ${JSON.stringify(kind)} is registered for version ${JSON.stringify(apiVersion)}`);
  }
  const warnings = duplicates.map((path) => `duplicate field ${JSON.stringify(path)}`);
  const given = merge(EMPTY_CONFIGURATION as unknown as JsonObject, value, '', warnings);
  return { configuration: completeConfiguration(given as unknown as ProxyConfiguration), warnings };
}

/** `base` with what `given` has of its fields; null stands for nothing. Throws for values of another type. */
function merge(base: JsonObject, given: JsonObject, prefix: string, warnings: string[]): JsonObject {
  const merged: Record<string, JsonValue> = { ...base };
  for (const [name, value] of Object.entries(given)) {
    const path = `${prefix}${name}`;
    const known = Object.hasOwn(base, name) ? base[name] : undefined;
    if (known === undefined) warnings.push(`unknown field ${JSON.stringify(path)}`);
    else if (value !== null) {
      checkType(path, known, value);
      const isNested = isObject(known) && isObject(value) && !FREE_FORM.has(path);
      merged[name] = isNested ? merge(known, value, `${path}.`, warnings) : value;
    }
  }
  return merged;
}

function checkType(path: string, known: JsonValue, value: JsonValue): void {
  const wrong = (what: string): Error => new Error(`${path}: ${JSON.stringify(value)} is not ${what}`);
  if (Array.isArray(known)) {
    if (!Array.isArray(value) || value.some((item) => typeof item !== 'string')) throw wrong('a list of strings');
  } else if (isObject(known)) {
    if (!isObject(value)) throw wrong('a map');
    const isGates = path === 'featureGates';
    if (isGates && Object.values(value).some((gate) => typeof gate !== 'boolean')) throw wrong('a map of booleans');
  } else if (typeof value !== typeof known) throw wrong(`a ${typeof known}`);
  else if (typeof value === 'number' && path !== 'clientConnection.qps' && !Number.isInteger(value)) {
    throw wrong('an integer');
  } else if (typeof value === 'string' && DURATION.test(path)) checkDuration(path, value);
}

function checkDuration(path: string, text: string): void {
  try {
    durationToMs(text);
  } catch (error) {
    throw new Error(`${path}: ${(error as Error).message}`, { cause: error });
  }
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
