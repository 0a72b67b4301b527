"""The web platform's vocabulary: names, dictionaries, events, tasks."""
