/**
 * What is said of objects that are of another kind than the endpoint's. A kind that the server knows is read first, and
 * cannot be converted then; for others there is nothing to read them as.
 *
 * Mirrors: Decode in staging/src/k8s.io/apimachinery/pkg/runtime/serializer/versioning/versioning.go and
 * staging/src/k8s.io/apimachinery/pkg/conversion/converter.go (v1.36)
 * Differs: versions that are not served by default are not known.
 */
import { apiVersionOf, decodeObject, parseApiVersion, goQuote, type ObjectSchema } from '@kts/apimachinery';
import { builtinResources } from '@kts/api';

import type { BodyType } from './decode-body.ts';

export interface TypeMeta {
  readonly apiVersion?: string;
  readonly kind?: string;
}

/** Upstream's names for where kinds are registered, which its messages show. */
const SCHEME = 'pkg/api/legacyscheme/scheme.go:30';
const SCHEMES: Readonly<Record<string, string>> = {
  'apiextensions.k8s.io': 'k8s.io/apiextensions-apiserver/pkg/apiserver/apiserver.go:55',
  'apiregistration.k8s.io': 'k8s.io/kube-aggregator/pkg/apiserver/scheme/scheme.go:28',
};

/** What is wrong with the type that an object says it is of; undefined: nothing. What it does not say does not matter. */
export function kindProblem(meta: TypeMeta, type: BodyType, object: unknown): string | undefined {
  const own = apiVersionOf(type);
  const apiVersion = meta.apiVersion || own;
  const kind = meta.kind || type.kind;
  if ((kind === type.kind && apiVersion === own) || type.behaviour?.coerce) return undefined;
  const scheme = type.scheme ?? SCHEMES[type.group] ?? SCHEME;
  const name = `${apiVersion} ${kind}`;
  if (scheme !== SCHEME || !knownKinds().has(name)) {
    const names = [kind, apiVersion.replace(/^\//, ''), scheme].map(goQuote);
    return `no kind ${names[0]} is registered for version ${names[1]} in scheme ${names[2]}`;
  }
  const schema = knownKinds().get(name);
  const unreadable = schema && decodeObject(schema, object).error;
  if (unreadable !== undefined) return unreadable;
  const { version } = parseApiVersion(apiVersion);
  return `converting (${version}.${kind}) to (${internalGroup(type.group)}.${type.kind}): unknown conversion`;
}

/** Another version of the same kind, to which the endpoint could convert the object if it were asked to; custom kinds: any. */
export function isOtherVersion({ apiVersion, kind }: TypeMeta, type: BodyType): boolean {
  if (type.behaviour?.coerce) return apiVersion !== apiVersionOf(type);
  if (!apiVersion || apiVersion === apiVersionOf(type)) return false;
  if (kind && kind !== type.kind) return false;
  return parseApiVersion(apiVersion).group === type.group && knownKinds().has(`${apiVersion} ${type.kind}`);
}

let known: ReadonlyMap<string, ObjectSchema | undefined> | undefined;

/** `apps/v1 Deployment` and its schema; the general kinds of the API have none here. */
function knownKinds(): ReadonlyMap<string, ObjectSchema | undefined> {
  if (known) return known;
  const kinds = new Map<string, ObjectSchema | undefined>();
  for (const kind of GENERAL_KINDS) kinds.set(`v1 ${kind}`, undefined);
  for (const definition of builtinResources) {
    const apiVersion = apiVersionOf(definition);
    kinds.set(`${apiVersion} ${definition.kind}`, definition.schema);
    if (definition.listKind) kinds.set(`${apiVersion} ${definition.listKind}`, undefined);
  }
  return (known = kinds);
}

const GENERAL_KINDS = ['List', 'Status', 'APIVersions', 'APIGroupList', 'APIGroup', 'APIResourceList', 'DeleteOptions'];

/** Go's package of a group's internal kinds; events of either group are the same there. */
export function internalGroup(group: string): string {
  return group === '' || group === 'events.k8s.io' ? 'core' : group.split('.', 1)[0]!;
}
