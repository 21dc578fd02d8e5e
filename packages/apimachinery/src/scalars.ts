/** Types of the API whose JSON form is a string, a number or free JSON. All are kept in their canonical JSON form. */

/** RFC 3339 with whole seconds, in UTC. */
export type Time = string;
/** RFC 3339 with microseconds, in UTC. */
export type MicroTime = string;
/** A Go duration, such as `1h30m0s`. */
export type Duration = string;
/** A resource amount, such as `500m` or `1Gi`; see `quantity.ts`. */
export type Quantity = string;
/** A number, or a string such as a percentage or a port's name. */
export type IntOrString = number | string;

export type JsonValue = string | number | boolean | null | readonly JsonValue[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: JsonValue;
}

/** Removes `readonly` all the way down: for an object that only the current request or function holds. */
export type Draft<T> = T extends (...args: never[]) => unknown
  ? T
  : T extends object
    ? { -readonly [K in keyof T]: Draft<T[K]> }
    : T;
