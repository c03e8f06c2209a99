"""The move of a living library from one pair of stores to another, without changing a key.

    __main__     the commands and their options
    planning     plan: where to follow from, and how long a copy will take
    commands     what the others do, without how they show it
    printed      what they print for people
    status       how far a move is, and who is alive
    preflight    whether it can go well, looked at without changing anything
    sides        where from and where to, opened
    folder       the run folder: what is known of a move, and the lock of who works on it
    journal      what was done, line by line
    walk         what lies in a store, an owner's month at a time
    survey       counts, bytes, and every anomaly by name, before anything is copied
    carry        one image to the other side, as its sidecar says now
    objects      what is asked of either side's
    telling      the rows of an owner's images together
    copying      all of them
    follow       what changed since, from the feed
    links        those that sign another browser in, brought with the turn
    turn         cutover and rollback: the last of it while writers wait
    compare      verify: image by image, from nothing but the stores
    due          whether the time has come for a cleanup
    cleanup      what was left behind, set aside and then removed; ``cleaning`` is its command
    pace         how fast: bytes a second, and the latency of the server that goes on serving
    progress     how far a command is

Either side may be files and manifests, or a bucket and a database: nothing here knows which.
"""
