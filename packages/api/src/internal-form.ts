/**
 * Objects as upstream's internal types print them: what messages show of a value is not the JSON that was sent, but all
 * fields of a Go struct under their Go names, unset ones included.
 *
 * Mirrors: encoding/json on pkg/apis/<group>/types.go (v1.36), k8s.io/apimachinery/pkg/util/diff
 */
import { assert } from '@kts/base';
import {
  carrySentEmpty,
  goJson,
  unifiedDiff,
  wasSentEmpty,
  type Field,
  type ObjectSchema,
  type Schema,
} from '@kts/apimachinery';
import { internalTypeFacts } from './facts.ts';
import { schemaOf } from './schema-registry.ts';

type Fields = Readonly<Record<string, unknown>>;

/** One entry of facts/internal-types.json: `name`, `HTTPGet=httpGet*`, `~ObjectMeta=metadata`, `HostIPC=hostIPC!false`. */
interface InternalField {
  readonly goName: string;
  readonly name: string;
  /** A struct whose fields stand in for it. Without a name its fields are those of the object itself. */
  readonly embedded: boolean;
  readonly pointer: boolean;
  /** What an unset field prints that the versioned type does not have. */
  readonly zero?: unknown;
}

const POD_SPEC = 'io.k8s.api.core.v1.PodSpec';
const QUANTITY_ZERO = '0';

/** A value to print as JSON. `type` names the versioned type below `io.k8s.api`, such as `core.v1.PodSpec`. */
export function internalForm(type: string, value: unknown): unknown {
  return structForm(schemaOf(type.startsWith('io.k8s.') ? type : `io.k8s.api.${type}`), value);
}

/** How two values of a type differ, as text; empty if they do not. */
export function internalDiff(type: string, old: unknown, value: unknown): string {
  return unifiedDiff(goJson(internalForm(type, old), 1), goJson(internalForm(type, value), 1));
}

function structForm(schema: ObjectSchema, value: unknown): unknown {
  const facts = internalTypeFacts()[schema.name];
  if (!facts) return value ?? {};
  const fields = liftedFields(schema.name, (value ?? {}) as Fields);
  return Object.fromEntries(facts.map(parseEntry).flatMap((entry) => fieldForm(schema, entry, fields)));
}

function fieldForm(schema: ObjectSchema, entry: InternalField, fields: Fields): [string, unknown][] {
  if (entry.embedded) {
    if (entry.name) return Object.entries((fields[entry.name] ?? {}) as Fields).filter(([, value]) => !isEmpty(value));
    const embedded = schema.members.find(({ inline }) => inline?.name.endsWith(`.${entry.goName}`))?.inline;
    assert(embedded, `${schema.name} has no ${entry.goName} inline`);
    return Object.entries(structForm(embedded, fields) as Fields);
  }
  const value = fields[entry.name];
  const field = schema.fields.get(entry.name);
  if (!field) return [[entry.goName, value ?? entry.zero]];
  if (entry.pointer && (value === undefined || value === null)) return [[entry.goName, null]];
  const shown = value ?? emptyForm(field.schema, fields, entry.name);
  return [[entry.goName, valueForm(field.schema, shown, field)]];
}

/** Metadata leaves out what is empty. */
function isEmpty(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0;
}

/** What was sent empty is no `null`. */
function emptyForm({ type }: Schema, fields: Fields, name: string): unknown {
  if (!wasSentEmpty(fields, name)) return undefined;
  return type === 'list' ? [] : {};
}

function valueForm(schema: Schema, value: unknown, field?: Field): unknown {
  switch (schema.type) {
    case 'object':
      return structForm(schema, value);
    case 'list':
      return Array.isArray(value) ? value.map((item) => valueForm(schema.items, item)) : null;
    case 'map':
      if (value === undefined || value === null) return null;
      return Object.fromEntries(
        Object.entries(value)
          .toSorted(([a], [b]) => (a < b ? -1 : 1))
          .map(([key, item]) => [key, valueForm(schema.values, item)]),
      );
    case 'scalar':
      return value ?? zeroOf(schema.format, field);
  }
}

function zeroOf(format: string, field: Field | undefined): unknown {
  switch (format) {
    case 'string':
      return '';
    case 'boolean':
      return false;
    case 'quantity':
      return QUANTITY_ZERO;
    case 'duration':
      return '0s';
    case 'int32':
    case 'int64':
    case 'double':
      return 0;
    case 'intOrString':
      return field?.pointer ? null : 0;
    default:
      return null;
  }
}

/** The fields about the host's namespaces are in another place in the internal type. */
function liftedFields(type: string, fields: Fields): Fields {
  if (type !== POD_SPEC) return fields;
  const { hostNetwork, hostPID, hostIPC, hostUsers, shareProcessNamespace } = fields;
  const host = { hostNetwork, hostPID, hostIPC, hostUsers, shareProcessNamespace };
  const context = fields['securityContext'] as Fields | undefined;
  const lifted = { ...context, ...host };
  return carrySentEmpty(fields, {
    ...fields,
    securityContext: context ? carrySentEmpty(context, lifted) : lifted,
  });
}

function parseEntry(entry: string): InternalField {
  const [, tilde, goName, name = '', star, zero] = /^(~)?(?:(\w+)=)?([^!*]*)(\*)?(?:!(.*))?$/.exec(entry)!;
  if (tilde && goName === undefined) return { goName: name, name: '', embedded: true, pointer: false };
  return {
    goName: goName ?? name[0]!.toUpperCase() + name.slice(1),
    name,
    embedded: tilde !== undefined,
    pointer: star !== undefined,
    ...(zero === undefined ? {} : { zero: JSON.parse(zero) as unknown }),
  };
}
