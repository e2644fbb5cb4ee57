/** What has to be undone, in the order it was done. */
export class Teardown {
  private readonly steps: { readonly name: string; readonly undo: () => Promise<void> }[] = [];

  constructor(private readonly say: (line: string) => void) {}

  add(name: string, undo: () => Promise<void>): void {
    this.steps.push({ name, undo });
  }

  /** Undoes the last step first. A step that fails is said and the others go on; answers whether all went well. */
  async run(): Promise<boolean> {
    let isClean = true;
    for (let step = this.steps.pop(); step !== undefined; step = this.steps.pop()) {
      try {
        await step.undo();
      } catch (error) {
        isClean = false;
        this.say(`${step.name} was not undone: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
    return isClean;
  }
}
