import {
  declareFunction,
  type FunctionDeclaration,
  type FunctionRow,
  type Library,
  type NamedTypes,
} from '../check/function-declaration.ts';
import {
  BOOL,
  BYTES,
  DOUBLE,
  DURATION,
  DYN,
  INT,
  NULL,
  STRING,
  TIMESTAMP,
  TYPE,
  UINT,
  listOf,
  mapOf,
  opaqueType,
  type CelType,
} from '../types/cel-type.ts';
import { arithmeticLibrary } from './arithmetic.ts';
import { authorizationLibrary } from './authorization.ts';
import { conversionLibrary } from './conversions.ts';
import { formatsLibrary } from './formats.ts';
import { KUBERNETES_TYPES } from './kubernetes-types.ts';
import { kubernetesListsLibrary, listsLibrary } from './lists.ts';
import { networkLibrary } from './network.ts';
import { optionalLibrary } from './optionals.ts';
import { quantityLibrary } from './quantity.ts';
import { regexLibrary } from './regex.ts';
import { semverLibrary } from './semver.ts';
import { setsLibrary } from './sets.ts';
import { stringsLibrary } from './strings.ts';
import { textLibrary } from './text.ts';
import { timeLibrary } from './time.ts';
import { urlsLibrary } from './urls.ts';

/**
 * The functions and types that every environment of Kubernetes 1.36 has. Declarations are made when first looked up.
 *
 * Mirrors: staging/src/k8s.io/apiserver/pkg/cel/environment/base.go (v1.36)
 */
const LIBRARIES: readonly Library[] = [
  arithmeticLibrary,
  conversionLibrary,
  textLibrary,
  timeLibrary,
  urlsLibrary,
  regexLibrary,
  kubernetesListsLibrary,
  authorizationLibrary,
  optionalLibrary,
  quantityLibrary,
  stringsLibrary,
  setsLibrary,
  networkLibrary,
  formatsLibrary,
  semverLibrary,
  listsLibrary,
];

/** Names of types in expressions. */
const TYPE_NAMES: NamedTypes = new Map<string, CelType>([
  ['bool', BOOL],
  ['bytes', BYTES],
  ['double', DOUBLE],
  ['google.protobuf.Duration', DURATION],
  ['google.protobuf.Timestamp', TIMESTAMP],
  ['int', INT],
  ['list', listOf(DYN)],
  ['map', mapOf(DYN, DYN)],
  ['null_type', NULL],
  ['string', STRING],
  ['type', TYPE],
  ['uint', UINT],
  ['optional_type', opaqueType('optional_type')],
  ['net.IP', opaqueType('net.IP')],
  ['net.CIDR', opaqueType('net.CIDR')],
]);

export function baseType(name: string): CelType | undefined {
  return TYPE_NAMES.get(name);
}

export type FunctionTable = (name: string) => FunctionDeclaration | undefined;

/** The base environment's functions with those of further libraries. */
export function functionTable(more: readonly Library[]): FunctionTable {
  const declarations = new Map<string, FunctionDeclaration | undefined>();
  return (name) => {
    if (declarations.has(name)) return declarations.get(name);
    const rows = [...LIBRARIES, ...more].flatMap((library): FunctionRow[] =>
      Object.hasOwn(library, name) ? [library[name]!] : [],
    );
    const declaration = rows.length === 0 ? undefined : declareFunction(name, rows, KUBERNETES_TYPES);
    declarations.set(name, declaration);
    return declaration;
  };
}
