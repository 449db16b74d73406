throw new Error('a test is not read')
