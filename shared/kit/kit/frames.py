"""Where an error comes from, for a log or a dead letter: places only, since its words may quote what it choked on."""


def where(error: BaseException) -> str:
    """The frames of an error, innermost last, without what they held."""
    frames, trace = [], error.__traceback__
    while trace is not None:
        frames.append(f"{trace.tb_frame.f_globals.get('__name__')}:{trace.tb_lineno}")
        trace = trace.tb_next
    return " > ".join(frames[-6:])
