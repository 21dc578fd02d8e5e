import { parametersOf, type CelType } from './cel-type.ts';

/**
 * Types as messages show them, and as they are called at run time.
 *
 * Mirrors: github.com/google/cel-go/checker/format.go
 */
export function formatType(type: CelType): string {
  switch (type.kind) {
    case 'error':
      return '!error!';
    case 'object':
    case 'parameter':
      return type.name;
    case 'wrapper':
      return `wrapper(${type.of.kind})`;
    case 'list':
    case 'map':
    case 'type':
    case 'opaque': {
      const name = type.kind === 'opaque' ? type.name : type.kind;
      const parameters = parametersOf(type);
      return parameters.length === 0 ? name : `${name}(${parameters.map(formatType).join(', ')})`;
    }
    case 'any':
    case 'bool':
    case 'bytes':
    case 'double':
    case 'duration':
    case 'dyn':
    case 'int':
    case 'null':
    case 'string':
    case 'timestamp':
    case 'uint':
      return type.kind;
  }
}

/** `(int, string)`, or `int.(string)` for a call on a target. */
export function formatSignature(args: readonly CelType[], member: boolean): string {
  const names = args.map(formatType);
  return member ? `${names[0]}.(${names.slice(1).join(', ')})` : `(${names.join(', ')})`;
}

/** What `string(type(x))` gives: without parameters. */
export function runtimeTypeName(type: CelType): string {
  switch (type.kind) {
    case 'timestamp':
      return 'google.protobuf.Timestamp';
    case 'duration':
      return 'google.protobuf.Duration';
    case 'any':
      return 'google.protobuf.Any';
    case 'null':
      return 'null_type';
    case 'object':
    case 'parameter':
    case 'opaque':
      return type.name;
    case 'wrapper':
      return type.of.kind;
    case 'bool':
    case 'bytes':
    case 'double':
    case 'dyn':
    case 'error':
    case 'int':
    case 'list':
    case 'map':
    case 'string':
    case 'type':
    case 'uint':
      return type.kind;
  }
}
