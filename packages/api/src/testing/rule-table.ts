/** Table tests of what a kind says to objects, by way of what clients send: decoding, defaults, strategy, validation. */
import { deepEqual } from 'node:assert/strict';
import { it } from 'node:test';
import { applyMergePatch, decodeObject, type Draft, type FieldError, type JsonValue } from '@kts/apimachinery';
import type { KubeObject } from '@kts/apimachinery';
import type { ResourceDefinition, StrategyContext } from '../resource-definition.ts';

/** A merge patch of the object that the table is about, and `field: message` of all errors. */
export type RuleRow = readonly [name: string, change: object, ...errors: readonly string[]];

export interface Rules<T extends KubeObject> {
  readonly definition: ResourceDefinition<T>;
  /** A valid object, its metadata aside. */
  readonly base: object;
}

/** Each row as a new object. */
export function testCreation<T extends KubeObject>(rules: Rules<T>, rows: readonly RuleRow[]): void {
  for (const [name, change, ...errors] of rows) {
    it(name, () =>
      deepEqual(textsOf(rules.definition.behaviour.validate?.(created(rules, change), context(''))), errors),
    );
  }
}

/** Each row as a change of the valid object. `before` is a merge patch of that. */
export function testUpdate<T extends KubeObject>(
  rules: Rules<T>,
  rows: readonly RuleRow[],
  before: object = {},
  subresource = '',
): void {
  const { behaviour } = rules.definition;
  for (const [name, change, ...errors] of rows) {
    it(name, () => {
      const old = created(rules, before);
      const object = changed(rules, old, change, subresource);
      deepEqual(textsOf(behaviour.validateUpdate?.(object, old, context(subresource))), errors);
    });
  }
}

/** Each row as a change through the endpoint of the status. */
export function testStatusUpdate<T extends KubeObject>(
  rules: Rules<T>,
  rows: readonly RuleRow[],
  before: object = {},
): void {
  const { behaviour } = rules.definition;
  for (const [name, change, ...errors] of rows) {
    it(name, () => {
      const old = { ...created(rules, before), ...before };
      const object = changed(rules, old, change, 'status');
      deepEqual(textsOf(behaviour.validateStatusUpdate?.(object, old, context('status'))), errors);
    });
  }
}

/** Each row as a new object, and its warnings. */
export function testWarnings<T extends KubeObject>(rules: Rules<T>, rows: readonly RuleRow[]): void {
  for (const [name, change, ...warnings] of rows) {
    it(name, () => deepEqual(rules.definition.behaviour.warnings?.(created(rules, change), undefined), warnings));
  }
}

/** The object as it would be stored, if it were valid. */
export function created<T extends KubeObject>(rules: Rules<T>, change: object): T {
  const { behaviour } = rules.definition;
  const metadata = { name: 'x', uid: 'u', ...(rules.definition.namespaced ? { namespace: 'default' } : {}) };
  const draft = decoded(rules, { metadata, ...rules.base }, change);
  behaviour.setDefaults?.(draft);
  behaviour.prepareForCreate?.(draft, context(''));
  return draft as unknown as T;
}

function changed<T extends KubeObject>(rules: Rules<T>, old: T, change: object, subresource: string): T {
  const { behaviour } = rules.definition;
  const draft = decoded(rules, { ...old, metadata: { ...old.metadata, resourceVersion: '1' } }, change);
  behaviour.setDefaults?.(draft);
  if (subresource !== 'status') Object.assign(draft, { status: (old as { status?: unknown }).status });
  behaviour.prepareForUpdate?.(draft, old, context(subresource));
  return draft as unknown as T;
}

function decoded<T extends KubeObject>({ definition }: Rules<T>, document: object, change: object): Draft<T> {
  const value = applyMergePatch(document as JsonValue, change as JsonValue);
  return decodeObject(definition.schema, value).object as unknown as Draft<T>;
}

const context = (subresource: string): StrategyContext => ({ now: 0, subresource });

/** Examples of what would be right are left out. */
const textsOf = (errors: readonly FieldError[] = []): readonly string[] =>
  errors.map(({ field, message }) => `${field}: ${message.replaceAll(/ \(e\.g\. [^)]*(\)[^;,)]*)*\)$/g, '')}`);
