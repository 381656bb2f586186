"""Who a signed-in person is: the posts that they hold at this instant, or stand in for."""

#: For kit.http.People. A turn of a duty roster is nobody's who holds no post.
POSTS = """(
    select jsonb_agg(
        jsonb_build_object('post_id', p.post_id, 'duty', p.duty, 'title', p.title, 'place_id', p.place_id,
            'path', p.path, 'office_id', p.office_id, 'stand_in', h.stand_in)
        order by p.path, p.post_id
    )
    from holding_copy as h join post_copy as p on p.post_id = h.post_id and not p.retired
    where h.subject = :subject and h.since <= :now and (h.until is null or h.until > :now)
        and (not h.on_duty or exists (
            select from holding_copy as own where own.subject = h.subject and not own.on_duty
                and own.since <= :now and (own.until is null or own.until > :now)
        ))
)"""
