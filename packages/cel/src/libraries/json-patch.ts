import type { Library } from '../check/function-declaration.ts';

/**
 * Keys for the paths of JSON patches. Only where patches are made from expressions.
 *
 * Mirrors: staging/src/k8s.io/apiserver/pkg/cel/library/jsonpatch.go (v1.36)
 */
export const jsonPatchLibrary: Library = {
  'jsonpatch.escapeKey': {
    overloads: {
      string_jsonpatch_escapeKey_string: [
        '(string) string',
        (key: string) => key.replace(/[~/]/g, (character) => (character === '~' ? '~0' : '~1')),
      ],
    },
  },
};
