import { z } from 'zod';
import { appPart, databasePart, gatherPart, kafkaPart } from '#runtime/config-parts';
import { kafkaRelations } from '#runtime/kafka-relations';

/** The renderer's variables. */
export const rendererConfig = z
  .object({ ...appPart, ...kafkaPart, ...databasePart, ...gatherPart })
  .superRefine(kafkaRelations);

export type RendererConfig = z.output<typeof rendererConfig>;
