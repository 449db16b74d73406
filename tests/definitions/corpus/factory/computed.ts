const tools = Object.entries({ read_files: true, write_file: false, end_turn: true }).filter(([, on]) => on).map(([name]) => name)
export default { id: 'computed', displayName: 'Computed', model: ['m', 'x'].join('/'), toolNames: tools }
