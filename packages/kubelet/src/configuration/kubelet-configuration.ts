import {
  durationToMs,
  parseJsonStrict,
  parseYaml,
  quantityToNumber,
  type JsonObject,
  type JsonValue,
} from '@kts/apimachinery';
import type { Taint } from '@kts/api/types/core-v1';
import { DEFAULT_KUBELET_CONFIG, type KubeletConfig } from '../config.ts';
import {
  CONFIGURATION_FIELDS,
  type ConfigurationField,
  type FieldType,
  type ProgramSettings,
} from './configuration-fields.ts';

const API_VERSION = 'kubelet.config.k8s.io/v1beta1';
const KIND = 'KubeletConfiguration';

/** What a configuration says, by the names that settings have here. */
export interface ConfigurationSettings {
  readonly config: Partial<KubeletConfig>;
  readonly program: ProgramSettings;
}

export interface ParsedConfiguration {
  readonly object: JsonObject;
  /** Fields that nobody knows, or that stand there twice. */
  readonly warnings: readonly string[];
}

/** A file of `--config` or `--config-dir`, YAML or JSON. Throws if it is no KubeletConfiguration. */
export function parseConfiguration(text: string): ParsedConfiguration {
  if (text.trim() === '') throw new Error('it is empty');
  const { value, duplicates } = text.trimStart().startsWith('{')
    ? parseJsonStrict(text)
    : { value: parseYaml(text), duplicates: [] };
  if (!isObject(value)) throw new Error('it is not an object');
  if (value['apiVersion'] !== API_VERSION || value['kind'] !== KIND) {
    throw new Error(
      `no kind ${JSON.stringify(value['kind'] ?? '')} is registered for version ${JSON.stringify(value['apiVersion'] ?? '')}`,
    );
  }
  const unknown = unknownFields(value, '');
  return {
    object: value,
    warnings: [
      ...duplicates.map((path) => `duplicate field ${JSON.stringify(path)}`),
      ...unknown.map((path) => `unknown field ${JSON.stringify(path)}`),
    ],
  };
}

/**
 * What a configuration sets. Throws for values of another type.
 *
 * Mirrors: pkg/kubelet/apis/config/v1beta1/defaults.go (v1.36), where a default follows from another field
 */
export function configurationSettings(object: JsonObject): ConfigurationSettings {
  const found = new Map<string, unknown>();
  for (const [path, field] of Object.entries(CONFIGURATION_FIELDS)) {
    const value = valueAt(object, path.split('.'));
    if (value === undefined || value === null) continue;
    const parsed = parseField(path, field.type, value);
    if (field.sets) found.set(field.sets, parsed);
  }
  const update = found.get('nodeStatusUpdateFrequencyMs');
  if (update !== undefined && !found.has('nodeStatusReportFrequencyMs'))
    found.set('nodeStatusReportFrequencyMs', update);
  if (object['mergeDefaultEvictionSettings'] === true && found.has('evictionHard')) {
    found.set('evictionHard', { ...DEFAULT_KUBELET_CONFIG.evictionHard, ...(found.get('evictionHard') as object) });
  }
  return {
    config: Object.fromEntries([...found].filter(([name]) => !PROGRAM_SETTINGS.has(name))),
    program: Object.fromEntries([...found].filter(([name]) => PROGRAM_SETTINGS.has(name))),
  };
}

const PROGRAM_SETTINGS: ReadonlySet<string> = new Set([
  'tlsCertFile',
  'tlsPrivateKeyFile',
  'clientCAFile',
  'containerRuntimeEndpoint',
  'rotateCertificates',
  'serverTLSBootstrap',
] satisfies (keyof ProgramSettings)[]);

/** A copy in which relative paths begin at `root`. */
export function withAbsolutePaths(object: JsonObject, root: string): JsonObject {
  let result = object;
  for (const [path, field] of Object.entries(CONFIGURATION_FIELDS)) {
    if (!field.isPath) continue;
    const value = valueAt(result, path.split('.'));
    if (typeof value === 'string' && value !== '' && !value.startsWith('/')) {
      result = withValue(result, path.split('.'), `${root}/${value}`);
    }
  }
  return result;
}

/** What `/configz` shows of the settings. */
export function configurationObject(config: KubeletConfig): JsonObject {
  const values = new Map<string, unknown>(Object.entries(config));
  let result: JsonObject = { apiVersion: API_VERSION, kind: KIND };
  for (const [path, field] of Object.entries(CONFIGURATION_FIELDS)) {
    const value = field.sets === undefined ? undefined : values.get(field.sets);
    if (value !== undefined) result = withValue(result, path.split('.'), shown(field, value));
  }
  return result;
}

function shown({ type }: ConfigurationField, value: unknown): JsonValue {
  if (type === 'duration') return durationText(value as number);
  return type === 'quantity' ? String(value as number) : (value as JsonValue);
}

/** Go's text of a duration of whole milliseconds. */
function durationText(ms: number): string {
  if (ms < 1000) return ms === 0 ? '0s' : `${ms}ms`;
  const seconds = ms / 1000;
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  return `${hours > 0 ? `${hours}h` : ''}${hours > 0 || minutes > 0 ? `${minutes}m` : ''}${seconds % 60}s`;
}

function unknownFields(object: JsonObject, prefix: string): readonly string[] {
  return Object.entries(object).flatMap(([name, value]) => {
    const path = `${prefix}${name}`;
    if (path in CONFIGURATION_FIELDS || path === 'apiVersion' || path === 'kind') return [];
    const isParent = Object.keys(CONFIGURATION_FIELDS).some((field) => field.startsWith(`${path}.`));
    if (!isParent) return [path];
    return isObject(value) ? unknownFields(value, `${path}.`) : [];
  });
}

function parseField(path: string, type: FieldType, value: JsonValue): unknown {
  const isA = TYPE_CHECKS[type];
  if (!isA(value)) throw new Error(`${path}: ${JSON.stringify(value)} is not ${ARTICLES[type]}`);
  try {
    if (type === 'duration') return durationToMs(value as string);
    if (type === 'quantity') return quantityToNumber(value as string);
  } catch (error) {
    throw new Error(`${path}: ${(error as Error).message}`, { cause: error });
  }
  return type === 'taints' ? (value as unknown as readonly Taint[]) : value;
}

const isText = (value: unknown): boolean => typeof value === 'string';
const isList =
  (isItem: (item: JsonValue) => boolean) =>
  (value: JsonValue): boolean =>
    Array.isArray(value) && value.every((item) => isItem(item as JsonValue));

const TYPE_CHECKS: Readonly<Record<FieldType, (value: JsonValue) => boolean>> = {
  string: isText,
  boolean: (value) => typeof value === 'boolean',
  integer: (value) => Number.isSafeInteger(value),
  number: (value) => typeof value === 'number',
  duration: isText,
  quantity: isText,
  strings: isList(isText),
  integers: isList((item) => Number.isSafeInteger(item)),
  'text map': (value) => isObject(value) && Object.values(value).every(isText),
  map: isObject,
  taints: isList((item) => isObject(item) && isText(item['key']) && isText(item['effect'])),
  priorities: isList((item) => isObject(item) && Number.isSafeInteger(item['priority'])),
  list: Array.isArray,
};

const ARTICLES: Readonly<Record<FieldType, string>> = {
  string: 'a string',
  boolean: 'a boolean',
  integer: 'an integer',
  number: 'a number',
  duration: 'a duration such as "1m30s"',
  quantity: 'a quantity such as "10Mi"',
  strings: 'a list of strings',
  integers: 'a list of integers',
  'text map': 'a map of strings',
  map: 'a map',
  taints: 'a list of taints',
  priorities: 'a list of priorities and periods',
  list: 'a list',
};

function valueAt(object: JsonObject, path: readonly string[]): JsonValue | undefined {
  const [name = '', ...rest] = path;
  const value = Object.hasOwn(object, name) ? object[name] : undefined;
  if (rest.length === 0 || value === undefined || value === null) return value;
  if (!isObject(value)) throw new Error(`${name}: ${JSON.stringify(value)} is not a map`);
  return valueAt(value, rest);
}

function withValue(object: JsonObject, path: readonly string[], value: JsonValue): JsonObject {
  const [name = '', ...rest] = path;
  if (rest.length === 0) return { ...object, [name]: value };
  const inner = object[name];
  return { ...object, [name]: withValue(isObject(inner) ? inner : {}, rest, value) };
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
