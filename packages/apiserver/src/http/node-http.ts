/**
 * `node:http` without what an `import` of it costs at start: that reads every export, and one of them loads the whole of
 * Node's `fetch`.
 */
export const { createServer, request, ServerResponse } = process.getBuiltinModule('node:http');
