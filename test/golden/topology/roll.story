6.3s * the pod template changes
6.3s restart s-2: RollingUpdate
6.4s wait RollingUpdate: waiting for s-2 before the next member is restarted
6.6s describe s-2 replica readable joined
6.7s wait RollingUpdate: waiting for s-2 before the next member is restarted
7.7s describe s-2 unreadable unjoined
7.8s prepare s-2
7.9s join s-2 to s-0
8.1s wait RollingUpdate: waiting for s-2 before the next member is restarted
9.3s describe s-2 readable joined
9.4s wait RollingUpdate: waiting for s-2 before the next member is restarted
9.6s restart s-1: RollingUpdate
9.7s wait RollingUpdate: waiting for s-1 before the next member is restarted
9.9s describe s-1 replica readable joined
10.0s wait RollingUpdate: waiting for s-1 before the next member is restarted
11.0s describe s-1 unreadable unjoined
11.1s prepare s-1
11.2s join s-1 to s-0
11.4s wait RollingUpdate: waiting for s-1 before the next member is restarted
12.0s describe s-1 readable joined
12.1s wait RollingUpdate: waiting for s-1 before the next member is restarted
12.3s intent Move epoch 2 s-2 from s-0 (RollingUpdate)
12.4s hand over s-0 to s-2
13.1s establish s-2 epoch 2 n 3 w 1 replicas s-0+s-1
13.6s mark epoch 2 n 3 w 1: NewEpoch
13.7s label off s-0 on s-2
13.9s clear Move epoch 2 s-2 from s-0 (RollingUpdate): Moved
14.0s describe s-0 replica readable
14.1s restart s-0: RollingUpdate
14.4s describe s-0 replica readable joined
15.5s describe s-0 unreadable unjoined
15.6s prepare s-0
15.7s join s-0 to s-2
17.1s describe s-0 readable joined
no acknowledged write is lost
