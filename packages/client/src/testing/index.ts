export { answer, ScriptedTransport, statusAnswer, type ScriptedWatch } from './scripted-transport.ts';
