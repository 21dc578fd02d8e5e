export { makeSigningRequest, type SigningRequestFields } from './make-signing-request.ts';
export { answer, ScriptedTransport, statusAnswer, type ScriptedWatch } from './scripted-transport.ts';
