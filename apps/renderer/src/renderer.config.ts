import { z } from 'zod';
import { topicNames } from '#contracts/topics';
import { appPart, databasePart, gatherPart, kafkaPart } from '#runtime/config-parts';
import { kafkaRelations } from '#runtime/kafka-relations';

/** The renderer's variables. */
export const rendererConfig = z
  .object({ ...appPart, ...kafkaPart, ...databasePart, ...gatherPart })
  .superRefine(kafkaRelations)
  .superRefine(({ EVENT_TOPICS, TOPIC_PREFIX }, context) => {
    const operatorEvents = topicNames.operatorEvents(TOPIC_PREFIX);
    if (!EVENT_TOPICS.includes(operatorEvents)) return;
    const message = `must not name ${operatorEvents}: what upstream writes there would pass for Hookline's own`;
    context.addIssue({ code: 'custom', path: ['EVENT_TOPICS'], message });
  });

export type RendererConfig = z.output<typeof rendererConfig>;
