export type {
  Cell,
  PrinterColumn,
  ResourceBehaviour,
  ResourceDefinition,
  StrategyContext,
  SubresourceDefinition,
} from './resource-definition.ts';
