abstract class Role {
  constructor(public readonly id: string, protected suffix?: string) {}
  abstract get model(): string
}
class Fast extends Role {
  declare ghost: string
  constructor(id: string) { super(id, '!') }
  override get model(): string { return 'm/fast' }
  get displayName(): string { return this.id + this.suffix! }
}
const role = new Fast('classes')
export default { id: role.id, model: role.model, displayName: role.displayName }
