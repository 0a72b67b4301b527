"""Pure decisions: values in, values out. No av, numpy, asyncio or threads in here."""
