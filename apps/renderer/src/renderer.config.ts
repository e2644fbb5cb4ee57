import { z } from 'zod';
import { appPart, databasePart, kafkaPart } from '#runtime/config-parts';

/** The renderer's variables. */
export const rendererConfig = z.object({ ...appPart, ...kafkaPart, ...databasePart });

export type RendererConfig = z.output<typeof rendererConfig>;
