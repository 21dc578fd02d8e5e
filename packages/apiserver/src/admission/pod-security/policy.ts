/**
 * What a namespace's labels ask of its pods.
 *
 * Mirrors: staging/src/k8s.io/pod-security-admission/api/{helpers,constants}.go (v1.36)
 */
import { FieldPath, invalid, type FieldError } from '@kts/apimachinery';

/** From the most lenient to the strictest. */
const LEVELS = ['privileged', 'baseline', 'restricted'] as const;
export type Level = (typeof LEVELS)[number];

/** A minor version of Kubernetes 1, or whatever is the newest. */
export type PolicyVersion = number | 'latest';

export interface LevelVersion {
  readonly level: Level;
  readonly version: PolicyVersion;
}

export const MODES = ['enforce', 'audit', 'warn'] as const;
export type Mode = (typeof MODES)[number];
export type Policy = Readonly<Record<Mode, LevelVersion>>;

const LABELS = FieldPath.of('metadata', 'labels');
const PREFIX = 'pod-security.kubernetes.io/';

/** `restricted:v1.30` */
export function formatLevelVersion({ level, version }: LevelVersion): string {
  return `${level}:${version === 'latest' ? version : `v1.${version}`}`;
}

export function isStricter(a: Level, b: Level): boolean {
  return LEVELS.indexOf(a) > LEVELS.indexOf(b);
}

/**
 * The policy of a namespace. What cannot be read is restricted where it is enforced and ignored elsewhere; a namespace
 * that enforces a level and says nothing about warnings gets warnings of that level too, for the sake of templates.
 */
export function policyOf(labels: Readonly<Record<string, string>> = {}): {
  readonly policy: Policy;
  readonly errors: readonly FieldError[];
} {
  const errors: FieldError[] = [];
  const read = (mode: Mode): LevelVersion => {
    const level = readLabel(labels, mode, parseLevel, 'must be one of privileged, baseline, restricted', errors);
    const problem = 'must be "latest" or "v1.x"';
    const version = readLabel(labels, `${mode}-version`, parseVersion, problem, errors) ?? 'latest';
    if (level !== undefined) return { level, version };
    return { level: mode === 'enforce' && `${PREFIX}${mode}` in labels ? 'restricted' : 'privileged', version };
  };
  const [enforce, audit, warn] = [read('enforce'), read('audit'), read('warn')];
  return { policy: { enforce, audit, warn: impliedWarn(labels, enforce, warn) }, errors };
}

function impliedWarn(
  labels: Readonly<Record<string, string>>,
  enforce: LevelVersion,
  warn: LevelVersion,
): LevelVersion {
  const explicit = `${PREFIX}warn` in labels;
  if (explicit || parseLevel(labels[`${PREFIX}enforce`] ?? '') === undefined) return warn;
  if (!isStricter(enforce.level, warn.level)) return warn;
  return { level: enforce.level, version: `${PREFIX}warn-version` in labels ? warn.version : enforce.version };
}

function readLabel<T>(
  labels: Readonly<Record<string, string>>,
  name: string,
  parse: (text: string) => T | undefined,
  problem: string,
  errors: FieldError[],
): T | undefined {
  const key = `${PREFIX}${name}`;
  const text = labels[key];
  if (text === undefined) return undefined;
  const value = parse(text);
  if (value === undefined) errors.push(invalid(LABELS.key(key), text, problem));
  return value;
}

function parseLevel(text: string): Level | undefined {
  return LEVELS.find((level) => level === text);
}

function parseVersion(text: string): PolicyVersion | undefined {
  if (text === 'latest') return text;
  const minor = /^v1\.(0|[1-9][0-9]*)$/.exec(text)?.[1];
  return minor === undefined ? undefined : Number(minor);
}
