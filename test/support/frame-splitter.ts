const lengthBytes = 4;

/** How a protocol frames what it sends: where the length stands, and how many bytes a frame has beyond what it counts. */
export interface FrameShape {
  readonly lengthAt: number;
  readonly uncounted: number;
}

/** Four bytes of length, then as many. */
export const kafkaFrames: FrameShape = { lengthAt: 0, uncounted: 4 };

/** Cuts a stream into frames, whatever the pieces it arrives in. */
export class FrameSplitter {
  private pieces: Buffer[] = [];
  private bytes = 0;
  private wanted: number;

  constructor(private shape: FrameShape = kafkaFrames) {
    this.wanted = shape.lengthAt + lengthBytes;
  }

  /** Frames that come from now on have another shape; no byte of them may be here yet. */
  become(shape: FrameShape): void {
    this.shape = shape;
    this.wanted = shape.lengthAt + lengthBytes;
  }

  /** The frames that are now complete, whole. */
  add(chunk: Buffer): readonly Buffer[] {
    const { lengthAt, uncounted } = this.shape;
    this.pieces.push(chunk);
    this.bytes += chunk.length;
    const frames: Buffer[] = [];
    while (this.bytes >= this.wanted) {
      const all =
        this.pieces.length === 1 && this.pieces[0] !== undefined ? this.pieces[0] : Buffer.concat(this.pieces);
      const frameBytes = uncounted + all.readInt32BE(lengthAt);
      const isWhole = all.length >= frameBytes;
      if (isWhole) frames.push(all.subarray(0, frameBytes));
      const rest = isWhole ? all.subarray(frameBytes) : all;
      this.pieces = rest.length > 0 ? [rest] : [];
      this.bytes = rest.length;
      this.wanted = isWhole ? lengthAt + lengthBytes : frameBytes;
    }
    return frames;
  }
}
