"""Beside step 4 of the write path: what people hear of what happened, in the app, by mail and by chat.

A notice is kept in the transaction of the step that it is about (`telling.py`), so it exists exactly when the event
does. A worker then decides where else it goes and when (`planning.py`, by `preferences.py`); another sends it
(`sending.py`).
"""
